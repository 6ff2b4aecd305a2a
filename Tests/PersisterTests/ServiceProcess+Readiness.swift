import Foundation
import TestSupport

extension ServiceProcess {
    /// The body of `/readyz`, whatever its status.
    func readiness() throws -> String {
        let curl = Process()
        let output = Pipe()
        curl.executableURL = URL(filePath: "/usr/bin/env")
        curl.arguments = ["curl", "-s", "-m", "10", "http://127.0.0.1:\(try port())/readyz"]
        curl.standardOutput = output
        try curl.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        curl.waitUntilExit()
        return text
    }
}
