import Foundation
import Shared
import TestSupport

/// `cacher serve` as its users run it: the executable, in a process of its own.
struct ServeProcess {
    private let process: ServiceProcess
    /// The port of the API and the streams.
    let port: Int

    /// Starts it and waits until it listens to Redis.
    init(redis: String, prefix: String = "") throws {
        process = try ServiceProcess(
            "cacher",
            ["serve"],
            environment: [
                "REDIS_URL": redis, "CACHER_KEY_PREFIX": prefix,
                "CACHER_HTTP_HOST": "127.0.0.1", "CACHER_HTTP_PORT": "0",
            ]
        )
        let line = try process.waitForLine(containing: "\"front_port\"")
        let digits = line.components(separatedBy: "\"front_port\":\"").last?.prefix { $0.isNumber }
        guard let port = digits.flatMap({ Int($0) }) else { throw BenchmarkError("no port in \(line)") }
        self.port = port
        try process.waitUntilReady()
    }

    /// Its process id.
    var id: Int32 { process.id }

    /// Waits until so many read a stream.
    func waitForReaders(_ count: Int) throws {
        try process.wait("\(count) readers") {
            try process.metric("tickline_serve_readers") == Double(count) ? true : nil
        }
    }

    /// How many updates it has got from Redis.
    func events() throws -> Int {
        Int(try process.metric("tickline_serve_events"))
    }

    /// Ends it as `docker stop` does.
    func finish() throws {
        let code = process.terminate()
        guard code == 0 else { throw BenchmarkError("it ended with \(code); its log:\n\(process.log)") }
    }
}
