import Glibc
import Logging
import Shared

/// The Ingestor's loop: source -> batch -> Kafka.
final class IngestorPipeline: Pipeline {
    /// How often the log may say what a live source gave up.
    static let missedInterval: Duration = .seconds(10)

    private let settings: IngestorSettings
    private let coinGecko: CoinGeckoSettings
    private let coinPaprika: CoinPaprikaSettings
    private let exchanges: ExchangeSettings
    private let kafka: KafkaSettings
    private let drainTimeout: Duration
    private let readiness: Readiness
    private let metrics: IngestorMetrics
    private let log = Logger(label: "ingestor")

    /// Makes a pipeline that is connected to nothing yet.
    /// - Parameters:
    ///   - settings: the Ingestor's.
    ///   - coinGecko: the source's, used if it is `coingecko`.
    ///   - coinPaprika: the source's, used if it is `coinpaprika`.
    ///   - exchanges: the source's, used if it is one of exchanges.
    ///   - kafka: the brokers'.
    ///   - drainTimeout: how long the last ticks may take to be acknowledged.
    ///   - readiness: its conditions `kafka` and `source` are kept.
    ///   - metrics: what to count.
    init(
        settings: IngestorSettings,
        coinGecko: CoinGeckoSettings,
        coinPaprika: CoinPaprikaSettings,
        exchanges: ExchangeSettings,
        kafka: KafkaSettings,
        drainTimeout: Duration,
        readiness: Readiness,
        metrics: IngestorMetrics
    ) {
        self.settings = settings
        self.coinGecko = coinGecko
        self.coinPaprika = coinPaprika
        self.exchanges = exchanges
        self.kafka = kafka
        self.drainTimeout = drainTimeout
        self.readiness = readiness
        self.metrics = metrics
    }

    func run(stop: StopSignal) throws {
        let (topic, stateTopic) = (kafka.name(.raw), kafka.name(.ingestorState))
        // From then on the sender says what it meets.
        let topics = try BrokerWatch(settings: kafka, readiness: readiness)
            .wait(for: settings.source.keepsState ? [topic, stateTopic] : [topic], stop: stop)
        let partitions = topics[topic] ?? 0
        if settings.source == .replay {
            return try replay(partitions: topics[stateTopic] ?? 0, stop: stop)
        }
        let sender = try TickSender(settings: kafka, metrics: metrics, readiness: readiness)
        readiness.set("kafka", .ok)
        switch settings.source {
        case .coingecko, .coinpaprika:
            let state = try state(partitions: topics[stateTopic] ?? 0, stop: stop)
            try run(
                try polling(state, partitions: topics[stateTopic] ?? 0, stop: stop),
                keeping: state,
                into: sender,
                stop: stop
            )
        case .exchanges:
            try run(try trades(partitions: partitions, stop: stop), into: sender, stop: stop)
        case .simulator:
            readiness.set("source", .ok)
            try run(simulator, into: sender, stop: stop)
        case .replay: break
        }
    }

    /// Pulls until the source is finished, fails or stop is requested, then waits for the last acknowledgements.
    ///
    /// From here on no error is answered by starting again, which would make a second opening burst and a second count of
    /// `INGESTOR_TICKS`: what Kafka can't take now waits, and what is left are errors that no new start would heal.
    private func run(
        _ start: some TickSource,
        keeping state: KafkaStateLog? = nil,
        into sender: TickSender,
        stop: StopSignal
    ) throws {
        defer { close() }
        var source = start
        do {
            try pump(&source, into: sender, stop: stop)
        } catch {
            // What was good before the failure is not given up with it.
            if (try? sender.settle(timeout: stop.limit(drainTimeout))) == true { try? source.delivered() }
            try? state?.flush(timeout: stop.limit(drainTimeout))
            throw error
        }
        // A source that is finished waits for Kafka as long as it takes; a stop has only so much time, of which a request
        // that was in hand may have taken a part.
        if try !sender.settle(timeout: nil, stop: stop), try !sender.settle(timeout: stop.limit(drainTimeout)) {
            throw UndeliveredTicks(outstanding: sender.outstanding, failed: sender.failed)
        }
        try source.delivered()
        try state?.flush(timeout: stop.limit(drainTimeout))
        if sender.failed > 0 {
            throw UndeliveredTicks(outstanding: 0, failed: sender.failed)
        }
    }

    private func pump(_ source: inout some TickSource, into sender: TickSender, stop: StopSignal) throws {
        var batch = TickBatch()
        let began = ContinuousClock.now
        var newest: EventTime?
        var missed = 0
        var sampler = LogSampler(every: Self.missedInterval)
        while !stop.isRequested {
            batch.reset()
            let step: SourceStep
            do {
                step = try source.next(into: &batch) { ClockReading(wall: .now(), uptime: began.duration(to: .now)) }
            } catch {
                _ = try sender.send(batch, stop: stop)
                throw error
            }
            guard try sender.send(batch, stop: stop) else { return }
            newest = [newest, batch.newest].compactMap(\.self).max()
            showLag(of: newest)
            try sender.checkDeliveries()
            if sender.outstanding == 0 { try source.delivered() }
            let now = source.missed
            if now.count > missed {
                metrics.missed(now.unit)?.increment(by: now.count - missed)
                missed = now.count
                if sampler.pass(at: .now) != nil {
                    log.warning("Kafka holds the source back: \(missed) \(now.unit.rawValue) skipped so far")
                }
            }
            switch step {
            case .more: break
            case .wait(let wait): try pause(wait, &source, sender: sender, newest: newest, stop: stop)
            case .finished: return
            }
        }
    }

    private func showLag(of newest: EventTime?) {
        guard let newest else { return }
        metrics.lag.set(Double(EventTime.now().microseconds - newest.microseconds) / 1e6)
    }

    /// Sleeps until the source has something, with a look at Kafka now and then.
    private func pause(
        _ wait: Duration,
        _ source: inout some TickSource,
        sender: TickSender,
        newest: EventTime?,
        stop: StopSignal
    ) throws {
        let end = ContinuousClock.now.advanced(by: wait)
        while !stop.isRequested {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return }
            stop.sleep(for: min(left, sender.outstanding > 0 ? .milliseconds(20) : .milliseconds(500)))
            try sender.checkDeliveries()
            if sender.outstanding == 0 { try source.delivered() }
            showLag(of: newest)
        }
    }

    /// The line that says what became of every tick of this process.
    private func close() {
        let produced = metrics.produced.value
        let acknowledged = metrics.acknowledged.value
        let outstanding = produced - acknowledged - metrics.failed.value
        let failed = metrics.failed.value > 0 ? ", \(metrics.failed.value) failed" : ""
        log.info(
            "ingestor: \(produced) ticks produced, \(acknowledged) acknowledged, \(outstanding) outstanding\(failed)",
            metadata: [
                "produced": "\(produced)",
                "acknowledged": "\(acknowledged)",
                "failed": "\(metrics.failed.value)",
                "outstanding": "\(outstanding)",
                "skipped": "\(metrics.skippedTotal)",
            ]
        )
    }

    /// A file, in transactions: see ``ReplayRun``.
    private func replay(partitions: Int, stop: StopSignal) throws {
        defer { close() }
        readiness.set("kafka", .ok)
        try ReplayRun(
            settings: settings,
            table: try exchanges.table(),
            kafka: kafka,
            partitions: partitions,
            metrics: metrics,
            readiness: readiness,
            meter: ProgressMeter(isTerminal: isatty(STDERR_FILENO) == 1, log: Logger(label: "replay")),
            stop: stop
        ).run()
        if metrics.failed.value > 0 {
            throw UndeliveredTicks(outstanding: 0, failed: metrics.failed.value)
        }
    }

    private func state(partitions: Int, stop: StopSignal) throws -> KafkaStateLog {
        try KafkaStateLog(kafka: kafka, partitions: partitions, heartbeat: readiness.heartbeat, stop: stop)
    }

    private func polling(_ state: KafkaStateLog, partitions: Int, stop: StopSignal) throws -> PollingSource {
        var onGap: (Range<EventTime>) throws -> Void = { _ in }
        if settings.source == .coingecko, coinGecko.backfillGaps {
            let filler = GapFiller(
                settings: settings,
                coinGecko: coinGecko,
                kafka: kafka,
                partitions: partitions,
                stop: stop
            )
            filler.resume(state.table.backfills)
            onGap = { try filler.fill($0, writingTo: state) }
        }
        return try PollingSource(
            vendor,
            pollInterval: settings.pollInterval,
            state: state,
            metrics: metrics,
            readiness: readiness,
            stop: stop,
            onGap: onGap
        )
    }

    private var vendor: any PriceVendor {
        if settings.source == .coinpaprika {
            return CoinPaprika(settings: coinPaprika, coins: settings.coins, vsCurrencies: settings.vsCurrencies)
        }
        return CoinGecko(
            settings: coinGecko,
            coins: settings.coins,
            vsCurrencies: settings.vsCurrencies,
            category: settings.category
        )
    }

    private func trades(partitions: Int, stop: StopSignal) throws -> TradeSource {
        if !exchanges.missing.isEmpty {
            log.warning("the table of products lacks \(exchanges.missing.joined(separator: ", "))")
        }
        let positions = try TradePositionsReader(kafka: kafka, readiness: readiness)
            .restore(exchanges.exchanges, partitions: partitions)
        return try TradeSource(exchanges, positions: positions, readiness: readiness, stop: stop)
    }

    private var simulator: SimulatorSource {
        let count =
            switch settings.coins {
            case .largest(let count): count
            case .ids(let ids): ids.count
            }
        log.info("simulating \(count) coins at \(settings.rate) ticks a second, seed \(settings.seed)")
        return SimulatorSource(
            coins: settings.coins,
            vsCurrency: settings.vsCurrencies.first ?? "usd",
            seed: settings.seed,
            rate: settings.rate,
            limit: settings.ticks,
            settings: settings.simulator
        )
    }
}

/// Not every tick that was made is in Kafka.
struct UndeliveredTicks: ClassifiedError {
    /// How many the brokers have not acknowledged in time.
    var outstanding: Int
    /// How many were refused.
    var failed: Int

    /// Nothing to be tried again: what is left of the queue goes with the process.
    var disposition: Disposition { .fatal }

    /// One line.
    var description: String {
        "\(outstanding) ticks were not acknowledged in time and are lost with the process, \(failed) could not be delivered"
    }
}
