import Foundation
import TestSupport
import Testing

@Suite("Secrets", .ownThread)
struct SecretsTests {
    /// What stands in every secret here, and may stand in nothing that is said; also as it is in an Authorization header.
    private static let marks = ["mark3r", Data("ann:mark3r".utf8).base64EncodedString().prefix(13).description]

    /// librdkafka's.
    private static let kafka = [
        "KAFKA_SASL_USERNAME": "ann", "KAFKA_SASL_PASSWORD": "mark3r-1", "KAFKA_SSL_KEY_PASSWORD": "mark3r-2",
        "KAFKA_SSL_KEYSTORE_PASSWORD": "mark3r-3", "KAFKA_SSL_KEY_PEM": "mark3r-4",
        "KAFKA_SASL_OAUTHBEARER_CONFIG": "mark3r-5", "KAFKA_DEBUG": "all",
    ]

    /// One program with secrets, and what it says when it has used them.
    private struct Case {
        let program: String
        var arguments: [String] = []
        let settings: [String: String]
        let says: String
    }

    private static func cases(_ stack: Stack, redis: Int) -> [Case] {
        let postgres = "127.0.0.1:\(stack.postgres.port)/postgres"
        let url = "http://ann:mark3r-url@127.0.0.1:1"
        let gecko = ["COINGECKO_API_KEY": "mark3r-key", "COINGECKO_BASE_URL": url, "INGESTOR_COINS": "bitcoin"]
        let paprika = ["COINPAPRIKA_API_KEY": "mark3r-key", "COINPAPRIKA_BASE_URL": url]
        var exchanges = ["INGESTOR_SOURCE": "coinbase,kraken,binance", "INGESTOR_VS_CURRENCIES": "usdt"]
        var badFeeds = exchanges
        for name in ["COINBASE", "KRAKEN", "BINANCE"] {
            exchanges["\(name)_FEED_URL"] = "ws://127.0.0.1:1"
            exchanges["\(name)_REST_URL"] = url
            badFeeds["\(name)_FEED_URL"] = "ws://ann:mark3r-feed@127.0.0.1:1"
        }
        let inURL = ["REDIS_URL": "redis://ann:mark3r-url@127.0.0.1:\(redis)"]
        let beside = ["REDIS_URL": "redis://ann@127.0.0.1:\(redis)", "REDIS_PASSWORD": "mark3r-beside"]
        let sentinel = [
            "REDIS_URL": "redis-sentinel://ann:mark3r-url@127.0.0.1:1/master", "REDIS_SENTINEL_PASSWORD": "mark3r-2",
        ]
        let front = ["CACHER_HTTP_HOST": "127.0.0.1", "CACHER_HTTP_PORT": "0"]
        let twice = inURL.merging(beside.filter { $0.key == "REDIS_PASSWORD" }) { $1 }
        let sasl = [
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SSL_KEY_PEM": "",
        ]
        let badURL = ["POSTGRES_URL": "postgresql://ann:mark3r/url@h/db", "REDIS_URL": "redis://ann:mark3r@url@h/x/y"]
        return [
            Case(
                program: "ingestor",
                settings: gecko.merging(["INGESTOR_SOURCE": "coingecko"]) { $1 },
                says: "no answer from"
            ),
            Case(
                program: "ingestor",
                settings: paprika.merging(["INGESTOR_SOURCE": "coinpaprika"]) { $1 },
                says: "no answer from"
            ),
            Case(program: "ingestor", settings: exchanges, says: "a connection was closed"),
            Case(program: "ingestor", settings: badFeeds, says: "KRAKEN_FEED_URL is"),
            Case(
                program: "ingestor",
                arguments: ["backfill", "--coins", "bitcoin", "--from", "2026-01-01", "--max-calls", "3"],
                settings: gecko,
                says: "no answer from"
            ),
            Case(program: "aggregator", settings: sasl, says: "no Kafka broker answers"),
            Case(program: "localbroker", arguments: ["create-topics"], settings: sasl, says: "Kafka"),
            Case(
                program: "persister",
                settings: ["POSTGRES_URL": "postgresql://ann:mark3r-url@\(postgres)"],
                says: "refuses the password"
            ),
            Case(
                program: "persister",
                arguments: ["migrate", "--wait", "1"],
                settings: ["POSTGRES_URL": "postgresql://ann@\(postgres)", "POSTGRES_PASSWORD": "mark3r-beside"],
                says: "refuses the password"
            ),
            Case(program: "persister", arguments: ["dead-letters", "list"], settings: sasl, says: "Kafka:"),
            Case(program: "persister", settings: badURL, says: "POSTGRES_URL"),
            Case(program: "cacher", settings: inURL, says: "WRONGPASS"),
            Case(program: "cacher", settings: beside, says: "WRONGPASS"),
            Case(program: "cacher", settings: sentinel, says: "no master of"),
            Case(program: "cacher", settings: twice, says: "both set"),
            Case(program: "cacher", settings: badURL, says: "REDIS_URL"),
            Case(program: "cacher", arguments: ["serve"], settings: beside.merging(front) { $1 }, says: "WRONGPASS"),
            Case(program: "cacher", arguments: ["get", "bitcoin"], settings: inURL, says: "WRONGPASS"),
            Case(program: "cacher", arguments: ["tail", "bitcoin"], settings: beside, says: "WRONGPASS"),
        ]
    }

    @Test("No program says a secret: not in logs at level trace, /metrics, /readyz, --check-config, nor in an error")
    func unsaid() throws {
        let stack = try Stack()
        let redis = try RedisServer(password: "another")
        let cases = Self.cases(stack, redis: redis.port)
        func check(_ text: String, _ what: String) {
            for mark in Self.marks {
                let line = text.split(separator: "\n").first { $0.contains(mark) } ?? ""
                #expect(line.isEmpty, "\(what): \(line)")
            }
        }
        // All at once: each mostly waits.
        let running = try cases.map { one in
            var settings = Self.kafka.merging(one.settings) { $1 }
            settings["LOG_LEVEL"] = "trace"
            return (one, settings, try stack.start(one.program, one.arguments, settings))
        }
        for (one, settings, process) in running {
            let name = ([one.program] + one.arguments.prefix(1)).joined(separator: " ")
            try process.waitForLine(containing: one.says)
            if process.isRunning, process.log.contains("\"http_port\"") {
                for path in ["/metrics", "/readyz", "/healthz"] {
                    check((try? process.get(path).body) ?? "", "\(name) \(path)")
                }
            }
            _ = process.terminate()
            check(process.log, name)
            guard one.arguments.isEmpty || one.arguments == ["serve"] else { continue }
            let environment = stack.environment.merging(settings) { $1 }
            let arguments = one.arguments + ["--check-config"]
            check(
                try ServiceProcess.run(one.program, arguments, environment: environment).output,
                "\(name) --check-config"
            )
        }
    }

    @Test(
        "Every secret of every service is tried above",
        arguments: ["ingestor", "persister", "cacher", "cacher serve"]
    )
    func all(service: String) throws {
        let command = service.split(separator: " ").map(String.init)
        let table = try ServiceProcess.run(command[0], command.dropFirst() + ["--settings-markdown"]).output
        let names = table.split(separator: "\n").filter { $0.contains("A secret:") }.compactMap { line in
            line.split(separator: "`").dropFirst().first.map(String.init)
        }
        #expect(!names.isEmpty)
        let tried = Self.cases(try Stack(), redis: 1).flatMap { one in
            one.settings.filter { $0.value.contains("mark3r") }.keys
        }
        for name in names { #expect(tried.contains(name), "\(name)") }
    }
}
