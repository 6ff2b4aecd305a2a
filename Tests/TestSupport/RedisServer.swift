import Foundation
import Glibc

/// A real `redis-server` on a free loopback port, with a folder of its own, for one test.
///
/// It ends with the test: `stop()` is called when the value goes away.
public final class RedisServer {
    /// Why there is no server.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened, with the server's own words.
        public var description: String
    }

    /// The port it listens on; the same after a restart.
    public let port: Int
    /// The password it wants, if any.
    public let password: String?
    /// The port on which it speaks TLS; 0 when it doesn't.
    public let tlsPort: Int
    /// The path of its Unix socket.
    public var socket: String { folder.appending(path: "socket").path }
    private let folder: URL
    private let arguments: [String]
    private var process: Process?

    /// The address, with the password, as `REDIS_URL` takes it.
    public var url: String {
        let word = password?.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        return "redis://\(word.map { ":\($0)@" } ?? "")127.0.0.1:\(port)/0"
    }

    /// The address by TLS, without a password.
    public var tlsURL: String { "rediss://127.0.0.1:\(tlsPort)/0" }

    /// Starts a server and waits until it answers.
    /// - Parameters:
    ///   - password: what clients have to log in with.
    ///   - certificates: makes it speak TLS on a second port.
    ///   - wantsCertificates: whether clients need a certificate of the same authority there.
    ///   - arguments: more of redis-server's own, for example `["--appendonly", "yes"]`.
    public init(
        password: String? = nil,
        certificates: TestCertificates? = nil,
        wantsCertificates: Bool = false,
        arguments: [String] = []
    ) throws {
        self.password = password
        port = try LoopbackSocket.freePort()
        tlsPort = try certificates == nil ? 0 : LoopbackSocket.freePort()
        var arguments = arguments + (password.map { ["--requirepass", $0] } ?? [])
        if let certificates {
            arguments += [
                "--tls-port", String(tlsPort), "--tls-cert-file", certificates.certificate, "--tls-key-file",
                certificates.key, "--tls-ca-cert-file", certificates.authority, "--tls-auth-clients",
                wantsCertificates ? "yes" : "no",
            ]
        }
        self.arguments = arguments
        folder = FileManager.default.temporaryDirectory.appending(path: "tickline-redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Starts it again on the same port; its data is what its settings kept.
    public func start() throws {
        let log = folder.appending(path: "redis.log")
        try? FileManager.default.removeItem(at: log)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            [
                "redis-server", "--bind", "127.0.0.1", "--port", String(port), "--dir", folder.path, "--save", "",
                "--logfile", "redis.log", "--unixsocket", socket,
            ] + arguments
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        let deadline = ContinuousClock.now + .seconds(20)
        // That something answers isn't enough: it could be a server that took the port before.
        func words() -> String { (try? String(contentsOf: log, encoding: .utf8)) ?? "no log" }
        while !(words().contains("Ready to accept connections") && answers()) {
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw Failure(description: "redis-server on port \(port) doesn't answer: \(words())")
            }
            usleep(5_000)
        }
    }

    /// Ends it at once, as a crash would.
    public func stop() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// The snapshot that `SAVE` has written.
    public func snapshot() throws -> Data {
        try Data(contentsOf: folder.appending(path: "dump.rdb"))
    }

    /// Puts a snapshot in the place of its data; for a server that is stopped.
    public func restore(_ snapshot: Data) throws {
        try snapshot.write(to: folder.appending(path: "dump.rdb"))
    }

    /// Deletes its data; for a server that is stopped.
    public func removeData() throws {
        for name in ["dump.rdb", "appendonlydir", "appendonly.aof"] {
            let file = folder.appending(path: name)
            if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
        }
    }

    /// Makes a folder in its own.
    public func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            at: folder.appending(path: name),
            withIntermediateDirectories: true
        )
    }

    /// Freezes it: connections stay open and nothing is answered.
    public func freeze() {
        if let process { kill(process.processIdentifier, SIGSTOP) }
    }

    /// Ends a freeze.
    public func thaw() {
        if let process { kill(process.processIdentifier, SIGCONT) }
    }

    /// Gives it a command: the outside view of what is in there.
    /// - Returns: what `redis-cli` would print, without the last line end.
    @discardableResult
    public func cli(_ arguments: String...) throws -> String {
        Self.cli(port, password, arguments)
    }

    /// A plain TCP connection to it, whose reads give up after 10 s; the caller closes it.
    func openSocket() throws -> Int32 {
        let handle = try LoopbackSocket.connected(to: port)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return handle
    }

    /// True when it answers to PING, be it with a demand for the password.
    private func answers() -> Bool {
        guard let handle = try? openSocket() else { return false }
        defer { close(handle) }
        let ping = Array("PING\r\n".utf8)
        guard send(handle, ping, ping.count, Int32(MSG_NOSIGNAL)) == ping.count else { return false }
        var answer = [UInt8](repeating: 0, count: 64)
        let length = recv(handle, &answer, answer.count, 0)
        let text = String(decoding: answer.prefix(max(length, 0)), as: UTF8.self)
        return text.hasPrefix("+PONG") || text.hasPrefix("-NOAUTH")
    }
}
