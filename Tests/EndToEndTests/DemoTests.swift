import Foundation
import TestSupport
import Testing

/// `scripts/demo` as a user runs it, with the executables that were built beside the tests.
@Suite("scripts/demo", .ownThread, .serialized)
struct DemoTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Starts the demo; its output goes to the pipe.
    private func start(_ arguments: [String]) throws -> (process: Process, output: Pipe) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [Self.root.appending(path: "scripts/demo").path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "TICKLINE_DEMO_BINARIES": try ServiceProcess.executable("localbroker").deletingLastPathComponent().path
        ]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        // As in ServiceProcess: a child inherits the signals that its parent's thread blocks.
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
        return (process, output)
    }

    @Test("A short run ends with its summary: every tick a row, every coin a key")
    func summary() throws {
        let (process, output) = try start(
            ["--seconds", "6", "--source", "simulator", "--coins", "7", "--rate", "70"]
        )
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("Every tick produced is a row, and every coin a key."), "\(text)")
        #expect(text.contains(/keys in Redis: prices +7\n/), "\(text)")
        let counts = ["ticks produced (end of prices.raw)", "rows in raw_price_data"].map { name in
            text.split(separator: "\n").first { $0.contains(name) }?.split(separator: "  ").last
        }
        #expect(counts[0] != nil && counts[0] == counts[1], "\(text)")
        #expect(!text.contains("is started again"), "nothing dies on the way: \(text)")
    }

    @Test("A stop in the middle ends everything that it started")
    func stop() throws {
        let (process, output) = try start(["--seconds", "600", "--source", "simulator", "--coins", "3"])
        var text = ""
        while !text.contains("Running") {
            let bytes = output.fileHandleForReading.availableData
            try #require(!bytes.isEmpty, "the demo ended early: \(text)")
            text += String(decoding: bytes, as: UTF8.self)
        }
        let children = try Self.children(of: process.processIdentifier)
        #expect(children.count >= 7, "broker, PostgreSQL, Redis and four services")
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 143)
        for child in children {
            #expect(!FileManager.default.fileExists(atPath: "/proc/\(child)"), "\(child) is still there")
        }
    }

    @Test(
        "A mistake on the command line is one sentence, and nothing is started",
        arguments: [
            (["--source", "nowhere"], "allowed: auto, coingecko, coinbase, kraken, binance, simulator, replay FILE"),
            (["--coins", "0"], "a whole number from 1 to 10000"),
            (["--source", "replay", "/no/such/file"], "can't be read"),
            (["--seconds"], "needs a value"),
            (["--faster"], "there is no option --faster"),
            (["--kafka", "127.0.0.1"], "HOST:PORT"),
        ]
    )
    func mistakes(arguments: [String], sentence: String) throws {
        let (process, output) = try start(arguments)
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
        #expect(text.contains(sentence), "\(text)")
        #expect(text.split(separator: "\n").count == 1, "\(text)")
    }

    private static func children(of parent: Int32) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { entry in
            guard Int(entry) != nil, let stat = try? String(contentsOfFile: "/proc/\(entry)/stat", encoding: .utf8),
                let name = stat.lastIndex(of: ")")
            else { return false }
            // After the name in brackets: the state, then the parent.
            return stat[stat.index(after: name)...].split(separator: " ").dropFirst().first == "\(parent)"
        }
    }
}
