import Foundation
import Glibc
import TestSupport
import Testing

@testable import Shared

@Suite("A service whose thread hangs, and one that only waits", .ownThread, .timeLimit(.minutes(5)))
struct HangTests {
    private let limit = ["HEARTBEAT_TIMEOUT": "5s"]

    @Test("a pipeline that hangs ends its process with exit code 1, even if the log is what hangs")
    func hangs() throws {
        let stack = try Stack()
        // A pipe that nobody reads: what is written to it blocks once it is full.
        let pipe = Pipe()
        let writing = pipe.fileHandleForWriting.fileDescriptor
        let port = try LoopbackSocket.freePort()
        let cacher = try ServiceProcess(
            "cacher",
            environment: stack.environment.merging(limit) { $1 }.merging(["HTTP_PORT": "\(port)"]) { $1 },
            errors: pipe.fileHandleForWriting
        )
        try cacher.wait("it to be ready") {
            let answer = try? HealthProbe.get(port: port, path: "/readyz", timeout: .seconds(10))
            return answer?.status == 200 ? true : nil
        }
        let flags = fcntl(writing, F_GETFL)
        _ = fcntl(writing, F_SETFL, flags | O_NONBLOCK)
        let filling = [UInt8](repeating: 10, count: 4_096)
        while write(writing, filling, filling.count) > 0 {}
        while write(writing, filling, 1) > 0 {}
        _ = fcntl(writing, F_SETFL, flags)

        // A record that can't be used is worth a line of the pipeline's thread.
        let settings = KafkaSettings(bootstrapServers: try #require(stack.environment["KAFKA_BOOTSTRAP_SERVERS"]))
        let producer = try KafkaProducer(settings: settings, mode: .idempotent)
        try producer.send(to: producer.topic(settings.name(.raw)), key: "k", value: Array("nonsense".utf8))
        try producer.flush(timeout: .seconds(30))
        #expect(try cacher.waitForExit(within: 60) == 1)
    }

    @Test("services wait for a broker and a database for much longer than the limit, and go on")
    func waits() throws {
        let stack = try Stack()
        let nowhere = ["KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"]
        let services = try [
            stack.start("aggregator", limit.merging(nowhere) { $1 }),
            stack.start("cacher", limit.merging(nowhere) { $1 }),
            stack.start("persister", limit.merging(nowhere) { $1 }),
            stack.start("ingestor", limit.merging(nowhere) { $1 }.merging(["INGESTOR_SOURCE": "simulator"]) { $1 }),
            // This one waits for the database.
            stack.start("persister", limit.merging(["POSTGRES_URL": "postgresql://u:p@127.0.0.1:1/d"]) { $1 }),
            stack.start("cacher", limit.merging(["REDIS_URL": "redis://127.0.0.1:1"]) { $1 }),
        ]
        sleep(12)
        for service in services {
            #expect(service.isRunning, "\(service.name): \(service.log.suffix(1_000))")
            #expect(try service.get("/healthz").status == 200)
        }
    }
}
