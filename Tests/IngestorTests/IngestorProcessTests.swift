import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

/// The executable as a whole: settings, HTTP, Kafka, signals and exit codes.
@Suite("Ingestor process", .ownThread, .timeLimit(.minutes(3)))
struct IngestorProcessTests {
    private func environment(_ broker: TestBroker, _ more: [String: String]) -> [String: String] {
        [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "KAFKA_FETCH_WAIT_MAX_MS": "10",
        ].merging(more) { $1 }
    }

    @Test("CoinGecko's page over HTTP becomes records; SIGTERM ends it with 0 and a line that says how many")
    func coinGecko() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        try await HTTPFixtureServer.run { _, _ in
            HTTPFixtureServer.Answer(200, MarketsFixtures.page, headers: ["Date": "Mon, 18 May 2026 12:49:30 GMT"])
        } _: { server in
            let ingestor = try ServiceProcess(
                "ingestor",
                environment: environment(broker, ["COINGECKO_BASE_URL": server.url, "INGESTOR_COINS": "250"])
            )
            try ingestor.waitUntilReady()
            try ingestor.wait("4 acknowledged ticks") {
                try ingestor.metric("tickline_ingestor_ticks_acknowledged_total") == 4 ? true : nil
            }
            #expect(try ingestor.metric("tickline_ingestor_http_responses_total") == 1)
            #expect(try ingestor.metric("tickline_ingestor_rows_skipped_total") == 1)
            #expect(try promtoolSays(ingestor.metrics()) == "")
            #expect(ingestor.terminate() == 0)
            #expect(ingestor.log.contains("4 ticks produced, 4 acknowledged, 0 outstanding"), "\(ingestor.log)")
        }
        let records = try broker.records(of: broker.name("prices.raw"))
        #expect(Set(records.map(\.key)) == ["bitcoin", "01coin", "shiba-inu", "02-token"])
        #expect(records.contains { $0.value?.contains(#""price":0.00000808,"#) == true })
    }

    @Test("CoinPaprika's coins in two currencies become records, under CoinGecko's ids where those are known")
    func coinPaprika() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        try await HTTPFixtureServer.run { _, _ in
            HTTPFixtureServer.Answer(200, TickersFixtures.page, headers: ["Date": "Mon, 18 May 2026 12:49:30 GMT"])
        } _: { server in
            let settings = [
                "INGESTOR_SOURCE": "coinpaprika", "COINPAPRIKA_BASE_URL": server.url,
                "INGESTOR_VS_CURRENCIES": "usd,eur",
            ]
            let ingestor = try ServiceProcess("ingestor", environment: environment(broker, settings))
            try ingestor.waitUntilReady()
            try ingestor.wait("3 acknowledged ticks") {
                try ingestor.metric("tickline_ingestor_ticks_acknowledged_total") == 3 ? true : nil
            }
            #expect(try promtoolSays(ingestor.metrics()) == "")
            #expect(ingestor.terminate() == 0)
            #expect(ingestor.log.contains("(free): 1 pages in 2 currencies, 1 requests every 300"), "\(ingestor.log)")
        }
        let records = try broker.records(of: broker.name("prices.raw"))
        #expect(Set(records.map(\.key)) == ["bitcoin", "binancecoin"])
        #expect(records.allSatisfy { $0.value?.contains(#""source":"coinpaprika""#) == true })
    }

    @Test("a replay ends by itself with 0; one that stops at a bad line ends with 1 and names it")
    func replay() throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let path = try TemporaryFile.keep("timestamp,coin_id,price\n1795379700,bitcoin,1.5\nnow,bitcoin,2\n")
        defer { TemporaryFile.remove(path) }
        let settings = ["INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": path, "INGESTOR_REPLAY_SPEED": "max"]
        let stopping = try ServiceProcess.run(
            "ingestor",
            environment: environment(broker, settings.merging(["INGESTOR_REPLAY_BAD_LINES": "stop"]) { $1 })
        )
        #expect(stopping.code == 1)
        #expect(stopping.output.contains("line 3: timestamp"), "\(stopping.output)")
        #expect(stopping.output.contains("1 ticks produced, 1 acknowledged, 0 outstanding"))
        let skipping = try ServiceProcess.run("ingestor", environment: environment(broker, settings))
        #expect(skipping.code == 0, "\(skipping.output)")
        #expect(skipping.output.contains("0 ticks produced, 0 acknowledged, 0 outstanding"))
        #expect(try broker.records(of: broker.name("prices.raw")).count == 1)
    }

    @Test("a replay that stops at a bad line has sent every good one before it, and its last line adds up")
    func stopsAtBadLine() throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let good = (0..<5_400).map { "\(1_795_379_700 + $0),c\($0 % 9),1.5\n" }.joined()
        let path = try TemporaryFile.keep("timestamp,coin_id,price\n\(good)now,bitcoin,2\n1795379700,late,1\n")
        defer { TemporaryFile.remove(path) }
        let settings = [
            "INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": path, "INGESTOR_REPLAY_SPEED": "max",
            "INGESTOR_REPLAY_BAD_LINES": "stop",
        ]
        let (code, output) = try ServiceProcess.run("ingestor", environment: environment(broker, settings))
        #expect(code == 1)
        #expect(output.contains("line 5402: timestamp"), "\(output)")
        #expect(output.contains("5400 ticks produced, 5400 acknowledged, 0 outstanding"), "\(output)")
        #expect(try broker.records(of: broker.name("prices.raw")).count == 5_400)
    }

    @Test("a tick that no broker takes is counted and said, and costs no other one")
    func refusedTick() throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let long = String(repeating: "x", count: 900)
        let path = try TemporaryFile.keep("timestamp,coin_id,price,name\n1,a,1,\n2,b,1,\(long)\n3,c,1,\n")
        defer { TemporaryFile.remove(path) }
        let settings = [
            "INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": path, "INGESTOR_REPLAY_SPEED": "max",
            "KAFKA_MESSAGE_MAX_BYTES": "1000",
        ]
        let (code, output) = try ServiceProcess.run("ingestor", environment: environment(broker, settings))
        #expect(code == 1)
        #expect(output.contains("3 ticks produced, 2 acknowledged, 0 outstanding, 1 failed"), "\(output)")
        #expect(output.contains("MSG_SIZE_TOO_LARGE"), "\(output)")
        #expect(Set(try broker.records(of: broker.name("prices.raw")).map(\.key)) == ["a", "c"])
    }

    @Test("without CoinGecko the log and /readyz say which setting needs none")
    func noInternet() throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let settings = ["COINGECKO_BASE_URL": "http://me:hush@127.0.0.1:1/api"]
        let ingestor = try ServiceProcess("ingestor", environment: environment(broker, settings))
        let line = try ingestor.waitForLine(containing: "INGESTOR_SOURCE=simulator")
        #expect(line.contains("no answer from http://***@127.0.0.1:1/api/coins/markets"), "\(line)")
        #expect(ingestor.terminate() == 0)
        #expect(!ingestor.log.contains("hush"))
    }

    @Test("a key that CoinGecko refuses ends it with 1 and a sentence that says what to set")
    func wrongKey() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        try await HTTPFixtureServer.run { _, _ in
            HTTPFixtureServer.Answer(400, #"{"error_code":10010,"status":{"error_message":"pro key"}}"#)
        } _: { server in
            let settings = ["COINGECKO_BASE_URL": server.url, "COINGECKO_API_KEY": "CG-very-secret"]
            let (code, output) = try ServiceProcess.run("ingestor", environment: environment(broker, settings))
            #expect(code == 1)
            #expect(output.contains("COINGECKO_PLAN=pro"), "\(output)")
            #expect(!output.contains("CG-very-secret"))
        }
    }

    @Test("a key and a password that a server repeats stand in no line of the log and not on /readyz")
    func echoedKey() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        try await HTTPFixtureServer.run { request, number in
            let said = "\(request.headers["x-cg-pro-api-key"] ?? "") \(request.headers["authorization"] ?? "") p@ss"
            if request.path.hasSuffix("/key") { return HTTPFixtureServer.Answer(500, "<html>\(said)</html>") }
            if number == 1 { return HTTPFixtureServer.Answer(200, "[]") }
            return number == 2
                ? HTTPFixtureServer.Answer(302, headers: ["Location": "https://me:p@ss@host/?key=\(said)"])
                : HTTPFixtureServer.Answer(502, "<html>\(said)</html>")
        } _: { server in
            let settings = [
                "COINGECKO_BASE_URL": "http://me:p%40ss@127.0.0.1:\(server.port)",
                "COINGECKO_API_KEY": "CG-very-secret",
                "COINGECKO_PLAN": "pro", "INGESTOR_COINS": "500", "INGESTOR_POLL_INTERVAL": "1s", "LOG_LEVEL": "debug",
            ]
            let ingestor = try ServiceProcess("ingestor", environment: environment(broker, settings))
            try ingestor.waitForLine(containing: "redirected to")
            try ingestor.waitForLine(containing: "HTTP 502")
            let ready = try ingestor.get("/readyz")
            #expect(ready.body.contains("HTTP 502"), "\(ready)")
            #expect(ingestor.terminate() == 0)
            for secret in ["CG-very-secret", "p@ss", "p%40ss", "bWU6cEBzcw"] {
                #expect(!ingestor.log.contains(secret) && !ready.body.contains(secret), "\(ready)\n\(ingestor.log)")
            }
        }
    }

    @Test("pages that differ in age make the log say nothing about a source that stands still")
    func pagesOfDifferentAge() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        try await HTTPFixtureServer.run { request, _ in
            let isOld = request.query["page"] == "2"
            let row = MarketsFixtures.row("coin", "1", isOld ? "2026-01-05T12:49:00Z" : "\(EventTime.now())")
            return HTTPFixtureServer.Answer(200, "[\(row)]")
        } _: { server in
            let settings = [
                "COINGECKO_BASE_URL": server.url, "INGESTOR_COINS": "500", "INGESTOR_POLL_INTERVAL": "1s",
                "COINGECKO_CALLS_PER_MINUTE": "1000",
            ]
            let ingestor = try ServiceProcess("ingestor", environment: environment(broker, settings))
            try ingestor.wait("four rounds") {
                try ingestor.metric("tickline_ingestor_http_responses_total") >= 8 ? true : nil
            }
            #expect(ingestor.terminate() == 0)
            #expect(!ingestor.log.contains("stands still") && !ingestor.log.contains("recent again"), "\(ingestor.log)")
        }
    }

    @Test(
        "ticks that are not acknowledged when it stops are said to be lost; without Kafka no request goes out",
        .enabled(if: TestBroker.realBootstrapServers == nil, "a real broker is not taken away")
    )
    func undelivered() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3], canGoAway: true)
        let isAway = StopSignal()
        try await HTTPFixtureServer.run { _, number in
            if number == 0 {
                let row = MarketsFixtures.row("first", "1", "2026-05-18T12:49:00Z")
                return HTTPFixtureServer.Answer(200, "[\(row)]")
            }
            while !isAway.isRequested { try? await Task.sleep(for: .milliseconds(20)) }
            return HTTPFixtureServer.Answer(200, MarketsFixtures.page)
        } _: { server in
            let settings = [
                "COINGECKO_BASE_URL": server.url, "INGESTOR_POLL_INTERVAL": "1s", "COINGECKO_CALLS_PER_MINUTE": "1000",
            ]
            let ingestor = try ServiceProcess("ingestor", environment: environment(broker, settings))
            try ingestor.wait("an acknowledged tick") {
                try ingestor.metric("tickline_ingestor_ticks_acknowledged_total") == 1 ? true : nil
            }
            try ingestor.wait("a second request") { server.requests.count == 2 ? true : nil }
            broker.setReachable(false)
            isAway.request()
            try ingestor.wait("four ticks") {
                try ingestor.metric("tickline_ingestor_ticks_produced_total") == 5 ? true : nil
            }
            StopSignal().sleep(for: .seconds(2))
            #expect(server.requests.count == 2)
            #expect(ingestor.terminate() == 1)
            #expect(ingestor.log.contains("5 ticks produced, 1 acknowledged, 4 outstanding"), "\(ingestor.log)")
            #expect(ingestor.log.contains("4 ticks were not acknowledged in time"), "\(ingestor.log)")
            #expect(!ingestor.log.contains("done again"), "\(ingestor.log)")
            #expect(!ingestor.log.contains("did not stop in"), "\(ingestor.log)")
        }
    }

    @Test("settings that don't parse end it with 78, all of them named at once")
    func badSettings() throws {
        let (code, output) = try ServiceProcess.run(
            "ingestor",
            environment: ["INGESTOR_SOURCE": "mtgox", "INGESTOR_RATE": "fast", "COINGECKO_PLAN": "gold"]
        )
        #expect(code == 78)
        for text in [
            "INGESTOR_SOURCE is \"mtgox\"", "INGESTOR_RATE is \"fast\"", "COINGECKO_PLAN is \"gold\"", "simulator",
        ] {
            #expect(output.contains(text), "\(output)")
        }
    }

    @Test("without a broker it says so and tries again until it is asked to stop")
    func noBroker() throws {
        let ingestor = try ServiceProcess(
            "ingestor",
            environment: ["INGESTOR_SOURCE": "simulator", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"]
        )
        try ingestor.waitForLine(containing: "no Kafka broker answers at 127.0.0.1:1")
        #expect(ingestor.isRunning)
        #expect(ingestor.terminate() == 0)
    }

    /// What `promtool check metrics` has to say; nothing where it isn't installed.
    private func promtoolSays(_ metrics: String) throws -> String {
        let tool = Process()
        tool.executableURL = URL(filePath: "/usr/bin/env")
        tool.arguments = ["sh", "-c", "command -v promtool >/dev/null || exit 0; promtool check metrics 2>&1"]
        let (input, output) = (Pipe(), Pipe())
        tool.standardInput = input
        tool.standardOutput = output
        try tool.run()
        try input.fileHandleForWriting.write(contentsOf: Data(metrics.utf8))
        try input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        tool.waitUntilExit()
        return text
    }
}
