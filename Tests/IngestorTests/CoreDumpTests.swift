import Foundation
import Glibc
import TestSupport
import Testing

/// A key must be in no core file, nor be read by another process of the same user.
@Suite("Core dumps", .ownThread, .timeLimit(.minutes(2)))
struct CoreDumpTests {
    /// Somebody who isn't root, whom the kernel tells apart by the owner of files in /proc.
    private static let nobody: UInt32 = 65_534

    /// Who owns the process's memory in /proc: its user while it may be dumped, root while it may not (proc(5)).
    private func owner(_ arguments: [String], _ settings: [String: String]) throws -> UInt32 {
        let process = Process()
        let isRoot = geteuid() == 0
        let command = [try ServiceProcess.executable("ingestor").path] + arguments
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            (isRoot ? ["setpriv", "--reuid", "\(Self.nobody)", "--regid", "\(Self.nobody)", "--clear-groups"] : [])
            + command
        process.environment = settings.merging([
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "HTTP_PORT": "0", "HTTP_HOST": "127.0.0.1",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        ]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        // By its first line it has read its settings.
        var text = ""
        while !text.contains("Kafka") && !text.contains("127.0.0.1:1") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { throw ServiceProcess.Failure(description: "it ended: \(text)") }
            text += String(decoding: data, as: UTF8.self)
        }
        var status = stat()
        guard stat("/proc/\(process.processIdentifier)/environ", &status) == 0 else {
            throw ServiceProcess.Failure(description: "no /proc of it")
        }
        return status.st_uid
    }

    @Test("a process with a key can't be dumped, one without a key can")
    func keys() throws {
        let user = geteuid() == 0 ? Self.nobody : geteuid()
        #expect(try owner([], [:]) == user)
        #expect(try owner([], ["COINGECKO_API_KEY": "CG-very-secret"]) == 0)
        #expect(try owner([], ["INGESTOR_SOURCE": "coinpaprika", "COINPAPRIKA_API_KEY": "very-secret"]) == 0)
    }
}
