import Shared
import Synchronization
import TestSupport
import Testing

@testable import Ingestor

/// A broker that more than one thread looks after; the mock's calls are guarded by librdkafka.
private struct SharedBroker: @unchecked Sendable {
    let value: TestBroker

    init(_ value: TestBroker) {
        self.value = value
    }
}

/// The whole loop against a broker: the mock, or the one that `KAFKA_BOOTSTRAP_SERVERS` names.
@Suite("Ingestor pipeline", .timeLimit(.minutes(3)))
struct IngestorPipelineTests {
    /// What a run left behind.
    private struct Result: Sendable {
        var records: [TestRecord]
        var produced: Int
        var acknowledged: Int
        var isReady: Bool
    }

    private func pipeline(
        _ environment: [String: String],
        kafka: KafkaSettings,
        readiness: Readiness,
        metrics: IngestorMetrics
    ) throws -> IngestorPipeline {
        let reader = SettingsReader(environment: environment)
        let settings = try IngestorSettings(reader)
        return IngestorPipeline(
            settings: settings,
            coinGecko: try CoinGeckoSettings(reader),
            coinPaprika: try CoinPaprikaSettings(reader),
            exchanges: try ExchangeSettings(reader, for: settings),
            kafka: kafka,
            drainTimeout: .seconds(20),
            readiness: readiness,
            metrics: metrics
        )
    }

    /// Runs a pipeline until it is finished or `until` says so, which is asked every 20 ms with the number of the run.
    private func run(
        _ environment: [String: String],
        broker: @escaping @Sendable () throws -> TestBroker = {
            try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        },
        times: Int = 1,
        until isDone: @escaping @Sendable (IngestorMetrics, Int) -> Bool = { _, _ in false }
    ) async throws -> Result {
        try await onOwnThread {
            let broker = try broker()
            let metrics = IngestorMetrics(registry: PrometheusRegistry())
            let readiness = Readiness("kafka", "source")
            for number in 1...times {
                let stop = StopSignal()
                let watch = StopSignal()
                try DedicatedThread.start(name: "watch") {
                    while !watch.sleep(for: .milliseconds(20)) {
                        if isDone(metrics, number) { stop.request() }
                    }
                }
                defer { watch.request() }
                try self.pipeline(environment, kafka: broker.settings, readiness: readiness, metrics: metrics)
                    .run(stop: stop)
            }
            return Result(
                records: try broker.records(of: broker.name("prices.raw")),
                produced: metrics.produced.value,
                acknowledged: metrics.acknowledged.value,
                isReady: readiness.conditions.filter { $0.name != Readiness.pipeline }.allSatisfy { $0.state == .ok }
            )
        }
    }

    private func ticks(_ records: [TestRecord]) throws -> [PriceTick] {
        try records.map { record in
            let value = Array(try #require(record.value).utf8)
            return try PriceTick(json: value.span)
        }
    }

    @Test("the simulator's ticks arrive with their keys, the first of a batch with its schema, each coin's in order")
    func simulator() async throws {
        let result = try await run([
            "INGESTOR_SOURCE": "simulator", "INGESTOR_RATE": "max", "INGESTOR_TICKS": "5000", "INGESTOR_COINS": "50",
        ])
        #expect(result.records.count == 5_000)
        #expect(result.produced == 5_000)
        #expect(result.acknowledged == 5_000)
        #expect(result.isReady)
        let ticks = try ticks(result.records)
        #expect(zip(result.records, ticks).allSatisfy { $0.key == $1.coinID })
        // The first tick of a batch has the header: it costs more than the tick.
        let withHeader = result.records.count { $0.headers == [KafkaHeader("schema", "price-tick/1")] }
        #expect(withHeader > 0 && withHeader + result.records.count { $0.headers.isEmpty } == 5_000)
        for (coin, ticks) in Dictionary(grouping: ticks, by: \.coinID) {
            #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.timestamp < $1.timestamp }, "\(coin)")
        }
    }

    @Test("a simulator that never ends stops when it is asked to, and everything it made is acknowledged")
    func stops() async throws {
        let result = try await run(
            ["INGESTOR_SOURCE": "simulator", "INGESTOR_RATE": "2000"],
            until: { metrics, _ in metrics.produced.value >= 300 }
        )
        #expect(result.produced >= 300)
        #expect(result.acknowledged == result.produced)
        #expect(result.records.count == result.produced)
    }

    @Test("a replay ends by itself when every line is acknowledged")
    func replay() async throws {
        let text =
            "timestamp,coin_id,price\n" + (0..<3_000).map { "\(1_000_000 + $0),c\($0 % 7),0.\($0 + 1)\n" }.joined()
        let url = try TemporaryFile.keep(text)
        defer { TemporaryFile.remove(url) }
        let result = try await run([
            "INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": url, "INGESTOR_REPLAY_SPEED": "max",
        ])
        #expect(result.acknowledged == 3_000)
        #expect(try ticks(result.records).count == 3_000)
    }

    @Test(
        "CoinGecko's pages arrive digit for digit; a restart finds in the topic what was sent and sends nothing twice"
    )
    func coinGecko() async throws {
        let result = try await HTTPFixtureServer.run { _, _ in
            HTTPFixtureServer.Answer(
                200,
                MarketsFixtures.page,
                headers: ["Date": "Mon, 18 May 2026 12:49:30 GMT"]
            )
        } _: { server in
            // Each of the two runs ends after its first request: the pause until the next one is long.
            let result = try await run(
                ["INGESTOR_SOURCE": "coingecko", "COINGECKO_BASE_URL": server.url],
                times: 2,
                until: { metrics, number in metrics.skipped(.noPrice)?.value ?? 0 >= number }
            )
            #expect(server.requests.count == 2)
            return result
        }
        let ticks = try ticks(result.records)
        #expect(
            Set(ticks.map { "\($0.coinID) \($0.price)" }) == [
                "bitcoin 70187", "01coin 0.00012", "shiba-inu 0.00000808", "02-token 0.00087631",
            ]
        )
        #expect(ticks.count == 4)
        #expect(result.acknowledged == 4)
    }

    @Test("a topic that is missing is named, and waited for")
    func missingTopic() async throws {
        try await onOwnThread {
            let broker = try TestBroker(topics: ["prices.late": 1])
            let readiness = Readiness("kafka", "source")
            let pipeline = try self.pipeline(
                ["INGESTOR_SOURCE": "simulator"],
                kafka: broker.settings,
                readiness: readiness,
                metrics: IngestorMetrics(registry: PrometheusRegistry())
            )
            let stop = StopSignal()
            let named = Readiness.State.failing("no topic \(broker.name("prices.raw"))")
            let isNamed = Mutex(false)
            try DedicatedThread.start(name: "watch") {
                let end = ContinuousClock.now.advanced(by: .seconds(60))
                while !isNamed.withLock({ $0 }), .now < end {
                    let isSaid = readiness.conditions.contains { $0.state == named }
                    isNamed.withLock { $0 = isSaid }
                    stop.sleep(for: .milliseconds(10))
                }
                stop.request()
            }
            let error = #expect(throws: KafkaError.self) { try pipeline.run(stop: stop) }
            #expect(error?.disposition == .interrupted && isNamed.withLock { $0 })
        }
    }

    @Test(
        "while the broker doesn't know the topic ticks wait: all arrive, in order, and INGESTOR_TICKS counts on",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to forget a topic")
    )
    func forgottenTopic() async throws {
        try await onOwnThread {
            let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
            var kafka = broker.settings
            kafka.properties["topic.metadata.refresh.interval.ms"] = "50"
            let metrics = IngestorMetrics(registry: PrometheusRegistry())
            let readiness = Readiness("kafka", "source")
            let pipeline = try self.pipeline(
                ["INGESTOR_SOURCE": "simulator", "INGESTOR_RATE": "5000", "INGESTOR_TICKS": "15000"],
                kafka: kafka,
                readiness: readiness,
                metrics: metrics
            )
            let finished = StopSignal()
            try DedicatedThread.start(name: "ingestor") {
                #expect(throws: Never.self) { try pipeline.run(stop: StopSignal()) }
                finished.request()
            }
            for round in 1...2 {
                while metrics.produced.value < round * 4_000, !finished.isRequested {
                    finished.sleep(for: .milliseconds(1))
                }
                broker.setKnown("prices.raw", false)
                let isFailing = { readiness.conditions.contains { $0.name == "kafka" && $0.state != .ok } }
                while !isFailing(), !finished.isRequested { finished.sleep(for: .milliseconds(10)) }
                broker.setKnown("prices.raw", true)
            }
            while !finished.isRequested { finished.sleep(for: .milliseconds(10)) }
            #expect(metrics.produced.value == 15_000)
            #expect(metrics.acknowledged.value == 15_000)
            #expect(metrics.failed.value == 0)
            let missed = metrics.missed(.ticks)?.value ?? 0
            #expect(missed > 0, "two holds of a second and more at 5000 ticks a second")
            let ticks = try self.ticks(try broker.records(of: broker.name("prices.raw")))
            #expect(ticks.count == 15_000)
            for (coin, ticks) in Dictionary(grouping: ticks, by: \.coinID) {
                #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.timestamp < $1.timestamp }, "\(coin)")
            }
        }
    }

    @Test(
        "a broker that forgets the topic costs CoinGecko no request: the budget's burst goes out once",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to forget a topic")
    )
    func oneBurst() async throws {
        let broker = try await onOwnThread {
            SharedBroker(try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3]))
        }
        try await HTTPFixtureServer.run { _, _ in
            broker.value.setKnown("prices.raw", false)
            return HTTPFixtureServer.Answer(200, MarketsFixtures.page)
        } _: { server in
            try await onOwnThread {
                let metrics = IngestorMetrics(registry: PrometheusRegistry())
                let readiness = Readiness("kafka", "source")
                var kafka = broker.value.settings
                kafka.properties["topic.metadata.refresh.interval.ms"] = "50"
                let pipeline = try self.pipeline(
                    ["COINGECKO_BASE_URL": server.url, "COINGECKO_API_KEY": "k"],
                    kafka: kafka,
                    readiness: readiness,
                    metrics: metrics
                )
                let (stop, finished) = (StopSignal(), StopSignal())
                try DedicatedThread.start(name: "ingestor") {
                    #expect(throws: Never.self) { try pipeline.run(stop: stop) }
                    finished.request()
                }
                while metrics.produced.value == 0, !finished.isRequested,
                    !readiness.conditions.contains(where: { $0.name == "kafka" && $0.state != .ok })
                {
                    finished.sleep(for: .milliseconds(10))
                }
                finished.sleep(for: .seconds(2))
                broker.value.setKnown("prices.raw", true)
                while metrics.acknowledged.value < 4, !finished.isRequested { finished.sleep(for: .milliseconds(10)) }
                stop.request()
                while !finished.isRequested { finished.sleep(for: .milliseconds(10)) }
                #expect(try broker.value.records(of: broker.value.name("prices.raw")).count == 4)
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test(
        "a broker that goes away holds the source back and loses nothing",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be taken off the network")
    )
    func unreachable() async throws {
        let counts = try await onOwnThread { () throws -> (stored: Int, acknowledged: Int, produced: Int) in
            let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3], canGoAway: true)
            var kafka = broker.settings
            kafka.properties["queue.buffering.max.messages"] = "500"
            kafka.properties["reconnect.backoff.max.ms"] = "200"
            let metrics = IngestorMetrics(registry: PrometheusRegistry())
            let readiness = Readiness("kafka", "source")
            let pipeline = try self.pipeline(
                ["INGESTOR_SOURCE": "simulator", "INGESTOR_RATE": "max", "INGESTOR_TICKS": "20000"],
                kafka: kafka,
                readiness: readiness,
                metrics: metrics
            )
            let finished = StopSignal()
            try DedicatedThread.start(name: "ingestor") {
                try? pipeline.run(stop: StopSignal())
                finished.request()
            }
            while metrics.acknowledged.value == 0 { finished.sleep(for: .milliseconds(1)) }
            broker.setReachable(false)
            let isFailing = { readiness.conditions.contains { $0.name == "kafka" && $0.state != .ok } }
            while !isFailing(), !finished.isRequested { finished.sleep(for: .milliseconds(10)) }
            let held = metrics.produced.value
            finished.sleep(for: .milliseconds(300))
            #expect(metrics.produced.value <= held + 500, "more than the queue holds was taken")
            broker.setReachable(true)
            while !finished.isRequested { finished.sleep(for: .milliseconds(10)) }
            // The mock doesn't deduplicate, so a lost acknowledgement may give a record twice.
            let records = try broker.records(of: broker.name("prices.raw"))
            return (Set(records.map(\.value)).count, metrics.acknowledged.value, metrics.produced.value)
        }
        #expect(counts.produced == 20_000)
        #expect(counts.acknowledged == 20_000)
        #expect(counts.stored == 20_000)
    }
}
