import Logging
import Shared

/// The Ingestor's loop: source -> batch -> Kafka.
final class IngestorPipeline: Pipeline {
    /// How often a replay waits until all is acknowledged, so that it can go on from there after a failure.
    static let checkpointInterval: Duration = .seconds(5)

    private let settings: IngestorSettings
    private let coinGecko: CoinGeckoSettings
    private let kafka: KafkaSettings
    private let drainTimeout: Duration
    private let readiness: Readiness
    private let metrics: IngestorMetrics
    private let resume = ReplayResume()
    private let log = Logger(label: "ingestor")

    /// Makes a pipeline that is connected to nothing yet.
    /// - Parameters:
    ///   - settings: the Ingestor's.
    ///   - coinGecko: the source's, used if it is `coingecko`.
    ///   - kafka: the brokers'.
    ///   - drainTimeout: how long the last ticks may take to be acknowledged.
    ///   - readiness: its conditions `kafka` and `source` are kept.
    ///   - metrics: what to count.
    init(
        settings: IngestorSettings,
        coinGecko: CoinGeckoSettings,
        kafka: KafkaSettings,
        drainTimeout: Duration,
        readiness: Readiness,
        metrics: IngestorMetrics
    ) {
        self.settings = settings
        self.coinGecko = coinGecko
        self.kafka = kafka
        self.drainTimeout = drainTimeout
        self.readiness = readiness
        self.metrics = metrics
    }

    func run(stop: StopSignal) throws {
        let topic = kafka.name(.raw)
        let partitions = try KafkaTopics.check([topic], settings: kafka)[topic] ?? 0
        let sender = try TickSender(settings: kafka, metrics: metrics, readiness: readiness)
        readiness.set("kafka", .ok)
        switch settings.source {
        case .coingecko:
            try run(try polling(partitions: partitions, stop: stop), into: sender, stop: stop)
        case .simulator:
            readiness.set("source", .ok)
            try run(simulator, into: sender, stop: stop)
        case .replay:
            let source = try ReplaySource(settings: settings, resume: resume, metrics: metrics)
            readiness.set("source", .ok)
            try run(source, into: sender, stop: stop)
        }
    }

    /// Pulls until the source is finished or stop is requested, then waits for the last acknowledgements.
    private func run(_ start: some TickSource, into sender: TickSender, stop: StopSignal) throws {
        defer { close(sender) }
        var source = start
        var batch = TickBatch()
        let began = ContinuousClock.now
        var checkpoint = began
        var newest: EventTime?
        loop: while !stop.isRequested {
            batch.reset()
            let step = try source.next(into: &batch) {
                Moment(wall: .now(), uptime: began.duration(to: .now))
            }
            guard try sender.send(batch, stop: stop) else { break }
            newest = [newest, batch.newest].compactMap(\.self).max()
            if let newest {
                metrics.lag.set(Double(EventTime.now().microseconds - newest.microseconds) / 1e6)
            }
            try sender.look()
            if settings.source == .replay, checkpoint.duration(to: .now) >= Self.checkpointInterval {
                if try sender.settle(timeout: .seconds(30), stop: stop) { source.acknowledged() }
                checkpoint = .now
            }
            switch step {
            case .more: break
            case .wait(let wait): try pause(wait, sender: sender, newest: newest, stop: stop)
            case .finished: break loop
            }
        }
        guard try sender.settle(timeout: drainTimeout) else {
            throw UnacknowledgedTicks(count: sender.outstanding)
        }
        source.acknowledged()
    }

    /// Sleeps until the source has something, with a look at Kafka now and then.
    private func pause(_ wait: Duration, sender: TickSender, newest: EventTime?, stop: StopSignal) throws {
        let end = ContinuousClock.now.advanced(by: wait)
        while !stop.isRequested {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return }
            stop.sleep(for: min(left, sender.outstanding > 0 ? .milliseconds(20) : .milliseconds(500)))
            try sender.look()
            if let newest {
                metrics.lag.set(Double(EventTime.now().microseconds - newest.microseconds) / 1e6)
            }
        }
    }

    /// The line that says what became of every tick of this process.
    private func close(_ sender: TickSender) {
        let produced = metrics.produced.value
        let acknowledged = metrics.acknowledged.value
        log.info(
            "ingestor: \(produced) ticks produced, \(acknowledged) acknowledged, \(sender.outstanding) outstanding",
            metadata: [
                "produced": "\(produced)",
                "acknowledged": "\(acknowledged)",
                "failed": "\(metrics.failed.value)",
                "outstanding": "\(sender.outstanding)",
                "skipped": "\(metrics.skippedTotal)",
            ]
        )
    }

    private func polling(partitions: Int, stop: StopSignal) throws -> CoinGeckoSource {
        var sent = SentTicks(tolerance: coinGecko.clockTolerance)
        try SentTicksReader(kafka: kafka, limit: settings.restoreRecords, readiness: readiness)
            .restore(&sent, partitions: partitions)
        return try CoinGeckoSource(
            coins: settings.coins,
            vsCurrencies: settings.vsCurrencies,
            pollInterval: settings.pollInterval,
            settings: coinGecko,
            sent: sent,
            metrics: metrics,
            readiness: readiness,
            stop: stop
        )
    }

    private var simulator: SimulatorSource {
        let coins =
            switch settings.coins {
            case .largest(let count): SimulatedCoin.largest(count)
            case .ids(let ids): ids.map(SimulatedCoin.named)
            }
        log.info("simulating \(coins.count) coins at \(settings.rate) ticks a second, seed \(settings.seed)")
        return SimulatorSource(
            coins: coins,
            vsCurrency: settings.vsCurrencies.first ?? "usd",
            seed: settings.seed,
            rate: settings.rate,
            limit: settings.ticks
        )
    }
}

/// The service has to end, and the brokers have not acknowledged everything.
struct UnacknowledgedTicks: ClassifiedError {
    /// How many.
    var count: Int

    /// Trying again helps when there is time to.
    var disposition: Disposition { .retry }

    /// One line.
    var description: String {
        "\(count) ticks were not acknowledged in time"
    }
}
