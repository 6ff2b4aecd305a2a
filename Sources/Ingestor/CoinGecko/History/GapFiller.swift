import Logging
import Shared

/// Fills gaps of the polls from history, each on a thread of its own, within what the budget leaves to history.
final class GapFiller: Sendable {
    private let settings: IngestorSettings
    private let coinGecko: CoinGeckoSettings
    private let kafka: KafkaSettings
    private let partitions: Int
    private let stop: StopSignal
    private let log = Logger(label: "gaps")

    /// Makes a filler.
    /// - Parameters:
    ///   - settings: which coins, in which currencies.
    ///   - coinGecko: plan, key and limits.
    ///   - kafka: where the topics are.
    ///   - partitions: of `ingestor.state`.
    ///   - stop: ends it; what is left is filled after the next start.
    init(
        settings: IngestorSettings,
        coinGecko: CoinGeckoSettings,
        kafka: KafkaSettings,
        partitions: Int,
        stop: StopSignal
    ) {
        self.settings = settings
        self.coinGecko = coinGecko
        self.kafka = kafka
        self.partitions = partitions
        self.stop = stop
    }

    /// Goes on with gaps that a process before this one began to fill.
    func resume(_ known: [String: BackfillProgress]) {
        for (name, progress) in known where progress.isGap && !progress.isDone {
            start(
                BackfillRequest(
                    coins: progress.coins.isEmpty ? settings.coins : .ids(progress.coins.map(\.id)),
                    category: progress.coins.isEmpty ? settings.category : nil,
                    vsCurrencies: progress.vsCurrencies,
                    from: progress.from,
                    to: progress.to,
                    granularity: progress.granularity,
                    outputPrefix: kafka.topicPrefix,
                    isGap: true,
                    knownName: name
                )
            )
        }
    }

    /// Fills a gap. Before anything else it is written down, so that a process that is killed from now on leaves it to the next.
    /// - Throws: a `ClassifiedError` when that can't be done; nothing has begun then.
    func fill(_ gap: Range<EventTime>, writingTo state: some StateLog) throws {
        let length = Duration.microseconds(gap.upperBound.microseconds - gap.lowerBound.microseconds)
        let request = BackfillRequest(
            coins: settings.coins,
            category: settings.category,
            vsCurrencies: settings.vsCurrencies,
            from: gap.lowerBound,
            to: gap.upperBound,
            granularity: length <= .seconds(86_400) ? .fiveMinutes : .hourly,
            outputPrefix: kafka.topicPrefix,
            isGap: true
        )
        let progress = BackfillProgress(request, from: gap.lowerBound, to: gap.upperBound, coins: [])
        _ = try state.append(StateRecord(key: .backfill(request.name), value: progress.bytes))
        log.warning("nothing was polled from \(gap.lowerBound) to \(gap.upperBound); filling the gap from history")
        start(request)
    }

    private func start(_ request: BackfillRequest) {
        do throws(ThreadError) {
            try DedicatedThread.start(name: "gap") { self.run(request) }
        } catch {
            log.error("a gap could not be filled: \(error)")
        }
    }

    private func run(_ request: BackfillRequest) {
        // Its own: the service's heartbeat is the pipeline's.
        let heartbeat = Readiness("kafka").heartbeat
        do {
            try BackfillRun(
                request: request,
                settings: coinGecko,
                kafka: kafka,
                partitions: partitions,
                heartbeat: heartbeat,
                metrics: IngestorMetrics(registry: PrometheusRegistry()),
                meter: ProgressMeter(isTerminal: false, log: log),
                stop: stop
            ).run(isDry: false)
        } catch {
            log.warning("a gap is not filled yet: \(error)")
        }
    }
}
