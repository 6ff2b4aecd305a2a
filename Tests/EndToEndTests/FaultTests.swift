import Foundation
import TestSupport
import Testing

@Suite("What goes wrong is said in one clear line", .ownThread, .serialized)
struct FaultTests {
    private static let services = ["ingestor", "aggregator", "persister", "cacher"]

    @Test(
        "A setting that doesn't parse stops the start, with its name, its value and what is allowed",
        arguments: services
    )
    func badSettings(service: String) throws {
        let (code, output) = try ServiceProcess.run(
            service,
            environment: ["HTTP_PORT": "ninety", "KAFKA_BOOTSTRAP_SERVERS": "nowhere"]
        )
        #expect(code == 78)
        let lines = output.split(separator: "\n")
        #expect(lines.contains { $0.contains("HTTP_PORT") && $0.contains("ninety") && $0.contains("0 to 65535") })
        #expect(
            lines.contains {
                $0.contains("KAFKA_BOOTSTRAP_SERVERS") && $0.contains("nowhere") && $0.contains("host:port")
            }
        )
    }

    @Test("A librdkafka property that doesn't exist stops the start with its name", arguments: services)
    func badProperty(service: String) throws {
        let (code, output) = try ServiceProcess.run(service, environment: ["KAFKA_LINGRE_MS": "5"])
        #expect(code == 78)
        #expect(output.contains("KAFKA_LINGRE_MS"))
    }

    @Test("--check-config says that the defaults are fine", arguments: services)
    func defaults(service: String) throws {
        let (code, output) = try ServiceProcess.run(service, ["--check-config"])
        #expect(code == 0, "\(output)")
    }

    @Test("An unreachable broker is named, and tried again until it is told to stop", arguments: services)
    func noBroker(service: String) throws {
        let process = try ServiceProcess(
            service,
            environment: [
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "INGESTOR_SOURCE": "simulator",
                "POSTGRES_URL": "postgresql://tickline:tickline@127.0.0.1:1/tickline",
                "REDIS_URL": "redis://127.0.0.1:1/0",
            ]
        )
        try process.wait("what is away to be named") {
            process.log.split(separator: "\n").contains {
                $0.contains("127.0.0.1") && ($0.contains("waiting for one") || $0.contains("starting again in"))
            } ? true : nil
        }
        #expect(process.isRunning)
        #expect(process.terminate() == 0)
    }

    @Test("A database that refuses the password is named without the password")
    func wrongPassword() throws {
        let stack = try Stack()
        let wrong = stack.database.replacingOccurrences(of: ":tickline@", with: ":s3cret-word@")
        let migration = try ServiceProcess.run(
            "persister",
            ["migrate", "--wait", "1"],
            environment: stack.environment.merging(["POSTGRES_URL": wrong]) { $1 }
        )
        #expect(migration.code != 0)
        #expect(migration.output.contains("refuses the password of user tickline"))
        #expect(!migration.output.contains("s3cret-word"))
        let service = try ServiceProcess.run(
            "persister",
            environment: stack.environment.merging(["POSTGRES_URL": wrong]) { $1 }
        )
        #expect(service.code == 1)
        #expect(service.output.contains("refuses the password of user tickline"))
        #expect(!service.output.contains("s3cret-word"))
    }

    @Test("A Redis that wants a password is named")
    func noAuth() throws {
        let stack = try Stack()
        let redis = try RedisServer(password: "s3cret-word")
        let cacher = try stack.start("cacher", ["REDIS_URL": "redis://127.0.0.1:\(redis.port)/0"])
        let line = try cacher.waitForLine(containing: "NOAUTH")
        #expect(line.contains("REDIS_URL"), "\(line)")
    }

    @Test("A port in use is named, with what to do")
    func portInUse() throws {
        let stack = try Stack()
        let cacher = try stack.start("cacher")
        let port = try cacher.port()
        let (code, output) = try ServiceProcess.run(
            "persister",
            environment: stack.environment.merging(["HTTP_PORT": "\(port)"]) { $1 }
        )
        #expect(code == 78)
        #expect(output.contains("\(port)") && output.contains("HTTP_PORT"), "\(output)")
    }
}
