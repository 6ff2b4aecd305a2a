import Foundation
import Glibc

/// A real sentinel on a free loopback port: a `redis-server --sentinel` that watches one master. It ends with the value.
public final class RedisSentinel {
    /// The port it listens on.
    public let port: Int
    private let folder: URL
    private let process = Process()

    /// Starts it, and waits until it names the master.
    /// - Parameters:
    ///   - service: the name it gives the master.
    ///   - master: the master's port.
    ///   - quorum: how many sentinels have to find the master gone.
    ///   - patience: how long the master may be gone before it does, in milliseconds.
    ///   - password: what clients have to log in with, sentinels among themselves too.
    public init(
        watching service: String,
        on master: Int,
        quorum: Int = 1,
        patience: Int = 500,
        password: String? = nil
    ) throws {
        port = try LoopbackSocket.freePort()
        folder = FileManager.default.temporaryDirectory.appending(path: "tickline-sentinel-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let configuration = folder.appending(path: "sentinel.conf")
        // It writes what it learns into this file.
        var lines = [
            "port \(port)", "bind 127.0.0.1", "dir \(folder.path)", "logfile \(folder.path)/log", "protected-mode no",
            "sentinel monitor \(service) 127.0.0.1 \(master) \(quorum)",
            "sentinel down-after-milliseconds \(service) \(patience)", "sentinel failover-timeout \(service) 3000",
        ]
        if let password { lines += ["requirepass \(password)", "sentinel sentinel-pass \(password)"] }
        try (lines.joined(separator: "\n") + "\n").write(to: configuration, atomically: true, encoding: .utf8)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["redis-server", configuration.path, "--sentinel"]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let deadline = ContinuousClock.now + .seconds(20)
        while !RedisServer.cli(port, password, ["SENTINEL", "MASTERS"]).contains(String(master)) {
            guard process.isRunning, ContinuousClock.now < deadline else {
                let log = try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)
                throw RedisServer.Failure(
                    description: "the sentinel on port \(port) doesn't answer: \(log ?? "no log")"
                )
            }
            usleep(20_000)
        }
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Ends it at once, as a crash would.
    public func stop() {
        // Its id may be somebody else's once it is gone.
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Gives it a command.
    /// - Returns: what `redis-cli` would print.
    @discardableResult
    public func cli(_ arguments: String...) throws -> String {
        RedisServer.cli(port, nil, arguments)
    }
}
