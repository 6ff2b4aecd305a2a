import Logging
import Shared

/// The Aggregator as a service: reads `prices.raw`, lets the tasks decide, and commits a transaction every so often.
public struct AggregatorPipeline: Pipeline {
    private let settings: AggregatorSettings
    private let readiness: Readiness
    private let metrics: AggregatorMetrics
    private let watch: BrokerWatch
    private let logger = Logger(label: "aggregator")
    /// A turn hands out at most this many records, so that the clocks are read often enough.
    private static let batch = 1_000
    /// A transaction may last that long while the input is behind: then results are late by more anyway, and each
    /// transaction costs its commit and a state record for every coin that it touches.
    private static let backlogInterval = Duration.seconds(1)
    /// How long the end of a transaction may take; the broker ends one that lasts longer.
    private static let commitTime = Duration.seconds(3)

    private static let consumerProperties = [
        AggregatorSettings.pollInterval.name: String(AggregatorSettings.pollInterval.milliseconds)
    ]

    /// Makes the pipeline; nothing is connected yet.
    /// - Parameters:
    ///   - readiness: gets the conditions `kafka`, `partitions` and `clock`.
    ///   - registry: gets the metrics.
    public init(settings: AggregatorSettings, readiness: Readiness, registry: PrometheusRegistry = .shared) {
        let metrics = AggregatorMetrics(plan: settings.plan, registry: registry)
        self.init(settings: settings, readiness: readiness, metrics: metrics)
    }

    init(settings: AggregatorSettings, readiness: Readiness, metrics: AggregatorMetrics) {
        self.settings = settings
        self.readiness = readiness
        self.metrics = metrics
        watch = BrokerWatch(settings: settings.kafka, readiness: readiness)
    }

    /// Works until it is asked to stop.
    /// - Throws: see `Pipeline.run(stop:)`.
    public func run(stop: StopSignal) throws {
        do {
            try work(stop: stop)
        } catch let error as KafkaError where error.isClientLost {
            throw ProducerLost(reason: "\(error)")
        }
    }

    private func work(stop: StopSignal) throws {
        let inputPartitions = try checkTopics(stop)
        let session = try TransactionSession(
            kafka: settings.kafka,
            id: settings.transactionalID,
            limit: max(settings.transactionInterval, Self.backlogInterval) + Self.commitTime,
            stop: stop
        )
        readiness.heartbeat.beat()
        let rules = try RuleFollower(
            settings: settings,
            metrics: metrics,
            logger: logger,
            stop: stop,
            heartbeat: readiness.heartbeat
        )
        let tasks = PartitionTasks(
            settings: settings,
            metrics: metrics,
            session: session,
            rules: RuleFeed(rules, settings: settings),
            inputPartitions: inputPartitions,
            logger: logger,
            watch: watch,
            stop: stop,
            heartbeat: readiness.heartbeat
        )
        let consumer = try KafkaConsumer(
            settings: settings.kafka,
            group: settings.group,
            options: KafkaConsumer.Options(properties: Self.consumerProperties),
            handler: tasks,
            stop: stop
        )
        try consumer.subscribe([settings.kafka.name(.raw)])
        do {
            try loop(stop: stop, consumer: consumer, tasks: tasks)
        } catch {
            // Nothing that failed may be committed on the way out.
            consumer.close(abandon: true)
            throw error
        }
        consumer.close()
        if let failure = tasks.failure { throw failure }
    }

    private func checkTopics(_ stop: StopSignal) throws -> Int {
        let partitions = try watch.wait(for: settings.topics, stop: stop)
        let input = partitions[settings.kafka.name(.raw)] ?? 0
        let state = partitions[settings.kafka.name(.aggregatorState)] ?? 0
        guard input == state else { throw PartitionMismatch(input: input, state: state) }
        return input
    }

    private func loop(stop: StopSignal, consumer: KafkaConsumer, tasks: PartitionTasks)
        throws
    {
        var nextHousekeeping = ContinuousClock.now
        while !stop.isRequested {
            readiness.heartbeat.beat()
            do {
                let now = ContinuousClock.now
                if now >= nextHousekeeping {
                    nextHousekeeping = now.advanced(by: .milliseconds(500))
                    try housekeep(consumer: consumer, tasks: tasks)
                }
                try turn(consumer: consumer, tasks: tasks)
            } catch let error as KafkaError
                where (error.requiresAbort && !error.isFatal && !error.isFenced) || error.isOffsetOutOfRange
            {
                // A restore also says what a position is that the broker no longer has, and what can be done.
                logger.warning("the transaction is aborted and its input read again: \(error)")
                try consumer.seek(to: try tasks.startAgain(consumer))
            }
        }
        try tasks.commit(of: consumer)
    }

    /// One transaction and what goes into it.
    private func turn(consumer: KafkaConsumer, tasks: PartitionTasks) throws {
        var inTransaction = 0
        var began = ContinuousClock.now
        repeat {
            let now = ContinuousClock.now
            let clock = ClockReading.now()
            let room = min(Self.batch, settings.transactionRecords - inTransaction)
            // Behind the interval there is a backlog, and more comes at once.
            let left = settings.transactionInterval - began.duration(to: now)
            let wait = inTransaction == 0 ? settings.transactionInterval : max(left, .milliseconds(5))
            let count = try consumer.poll(max: room, timeout: wait) { record in
                try tasks.take(record, clock: clock)
            }
            if let failure = tasks.failure { throw failure }
            if inTransaction == 0, count > 0 { began = .now }
            inTransaction += count
            if count == 0, !tasks.isBehind(consumer) { break }
        } while inTransaction < settings.transactionRecords && hasTime(since: began, tasks, consumer)
        tasks.publishCounts()
        try tasks.advance(to: .now(), of: consumer)
        try tasks.commit(of: consumer)
    }

    private func hasTime(since began: ContinuousClock.Instant, _ tasks: PartitionTasks, _ consumer: KafkaConsumer)
        -> Bool
    {
        let spent = began.duration(to: .now)
        return spent < settings.transactionInterval || (spent < Self.backlogInterval && tasks.isBehind(consumer))
    }

    private func housekeep(consumer: KafkaConsumer, tasks: PartitionTasks) throws {
        readiness.set("partitions", tasks.wasAssigned ? .ok : .failing("the group has assigned none yet"))
        let clock = tasks.checkClock()
        readiness.set("clock", clock == .plausible ? .ok : .failing(clock.description))
        try tasks.followRules()
        tasks.publish(clock: .now(), of: consumer)
    }
}

/// Tasks keep the state of input partition n in state partition n, so there must be as many of both.
struct PartitionMismatch: ClassifiedError {
    /// Partitions of `prices.raw`.
    let input: Int
    /// Partitions of `aggregator.state`.
    let state: Int

    /// A person has to change the topics.
    var disposition: Disposition { .fatal }

    /// What has to be changed.
    var description: String {
        "prices.raw has \(input) partitions and aggregator.state \(state); they must have the same number"
    }
}
