import Foundation
import Glibc
import Shared

/// One of the suite's own executables as a process, with its log in a file, as the tests of the whole run it.
///
/// It is ended with the value, by its own process id.
public final class ServiceProcess {
    /// Why a process didn't do what a test waited for.
    public struct Failure: Error, CustomStringConvertible {
        /// What was waited for, and the end of the log.
        public let description: String

        /// A failure in these words.
        public init(description: String) {
            self.description = description
        }
    }

    /// The executable's name.
    public let name: String
    private let process = Process()
    private let folder: URL
    private let logFile: URL

    /// Starts an executable that was built beside the tests.
    /// - Parameters:
    ///   - name: the product's name, for example `persister`.
    ///   - arguments: its arguments.
    ///   - environment: settings; of this process's own variables only `PATH` and `HOME` are passed on. The endpoints
    ///     take a free port unless `HTTP_PORT` says otherwise.
    ///   - errors: where its stderr goes instead of the log.
    public init(
        _ name: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        errors: FileHandle? = nil
    ) throws {
        self.name = name
        folder = FileManager.default.temporaryDirectory.appending(path: "tickline-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        logFile = folder.appending(path: "log")
        _ = FileManager.default.createFile(atPath: logFile.path, contents: nil)
        let log = try FileHandle(forWritingTo: logFile)
        process.executableURL = try ServiceProcess.executable(name)
        process.arguments = arguments
        let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }
        process.environment =
            inherited
            .merging(["HTTP_HOST": "127.0.0.1", "HTTP_PORT": "0", "LOG_FORMAT": "json"]) { $1 }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = errors ?? log
        // A thread of the cooperative pool blocks nearly all signals, and a child inherits that: it would never end.
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Everything it has written to stdout and stderr.
    public var log: String {
        (try? String(contentsOf: logFile, encoding: .utf8)) ?? ""
    }

    /// Its process id.
    public var id: Int32 {
        process.processIdentifier
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool {
        process.isRunning
    }

    /// Ends it at once, as a crash would.
    public func kill() {
        // Its id may be somebody else's once it is gone.
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Sends it a signal, for example SIGSTOP.
    public func signal(_ number: Int32) {
        Glibc.kill(process.processIdentifier, number)
    }

    /// Asks it to end, and waits.
    /// - Returns: its exit code.
    public func terminate() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Waits until it ends by itself.
    /// - Returns: its exit code.
    public func waitForExit(within seconds: Int = 60) throws -> Int32 {
        try wait("\(name) to end", within: seconds) { !self.process.isRunning ? true : nil }
        return process.terminationStatus
    }

    /// Waits for a line of the log that contains a text, and returns it.
    @discardableResult
    public func waitForLine(containing text: String, within seconds: Int = 60) throws -> String {
        try wait("'\(text)' in the log", within: seconds) {
            self.log.split(separator: "\n").first { $0.contains(text) }.map(String.init)
        }
    }

    /// The port of its endpoints, from its log.
    public func port() throws -> Int {
        let line = try waitForLine(containing: "\"http_port\"")
        let digits = line.components(separatedBy: "\"http_port\":\"").last?.prefix { $0.isNumber }
        guard let port = digits.flatMap({ Int($0) }) else {
            throw Failure(description: "no port in \(line)")
        }
        return port
    }

    /// Waits until `/readyz` answers 200.
    public func waitUntilReady(within seconds: Int = 60) throws {
        let port = try port()
        try wait("\(name) to be ready", within: seconds) {
            try? HealthProbe.get(port: port, path: "/readyz", timeout: Self.patience).status == 200 ? true : nil
        }
    }

    /// What one of its endpoints answers; status 0 when it doesn't.
    public func get(_ path: String) throws -> (status: Int, body: String) {
        let port = try port()
        return (try? HealthProbe.get(port: port, path: path, timeout: Self.patience)) ?? (0, "")
    }

    private static let patience = Duration.seconds(10)

    /// The text of `/metrics`.
    public func metrics() throws -> String {
        try get("/metrics").body
    }

    /// The sum of a metric over all its labels.
    public func metric(_ name: String) throws -> Double {
        try metrics().split(separator: "\n").filter { line in
            line.hasPrefix(name + "{") || line.hasPrefix(name + " ")
        }.reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
    }

    /// Asks again and again, 20 times a second, until there is an answer.
    /// - Throws: ``Failure`` with the end of the log when time is up, or at once when the process has ended.
    @discardableResult
    public func wait<Answer>(
        _ what: String,
        within seconds: Int = 60,
        _ ask: () throws -> Answer?
    ) throws -> Answer {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        while true {
            let ended = !process.isRunning
            if let answer = try ask() {
                return answer
            }
            if ended || ContinuousClock.now >= deadline {
                let tail = log.split(separator: "\n").suffix(15).joined(separator: "\n")
                let why = ended ? "\(name) ended with \(process.terminationStatus)" : "time is up"
                throw Failure(description: "waited for \(what), but \(why); its log ends with:\n\(tail)")
            }
            usleep(50_000)
        }
    }

    /// Where the products are: beside the test bundle, which is what runs now.
    public static func executable(_ name: String) throws -> URL {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let url = URL(filePath: bundle).deletingLastPathComponent().appending(path: name)
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw Failure(description: "\(url.path) is not built")
        }
        return url
    }

    /// Runs a command of the suite to its end.
    /// - Returns: its exit code, and what it wrote to stdout and stderr.
    public static func run(
        _ name: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        within seconds: Int = 60
    ) throws -> (code: Int32, output: String) {
        let process = try ServiceProcess(name, arguments, environment: environment)
        let code = try process.waitForExit(within: seconds)
        return (code, process.log)
    }
}
