import Logging
import Shared

/// The Aggregator as a service: reads `prices.raw`, lets the tasks decide, and commits a transaction every so often.
public struct AggregatorPipeline: Pipeline {
    private let settings: AggregatorSettings
    private let readiness: Readiness
    private let metrics: AggregatorMetrics
    private let logger = Logger(label: "aggregator")
    /// A turn hands out at most this many records, so that the clocks are read often enough.
    private static let batch = 1_000
    /// A transaction may last that long while the input is behind: then results are late by more anyway, and each
    /// transaction costs its commit and a state record for every coin that it touches.
    private static let backlogInterval = Duration.seconds(1)

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
    }

    /// Works until it is asked to stop.
    /// - Throws: see `Pipeline.run(stop:)`.
    public func run(stop: StopSignal) throws {
        let inputPartitions = try checkTopics()
        let writer = try TransactionWriter(
            kafka: settings.kafka,
            id: "\(settings.group)-\(settings.instance)"
        )
        let rules = try RuleFollower(settings: settings, metrics: metrics, logger: logger)
        let tasks = PartitionTasks(
            settings: settings,
            metrics: metrics,
            writer: writer,
            rules: rules,
            inputPartitions: inputPartitions,
            logger: logger
        )
        let consumer = try KafkaConsumer(
            settings: settings.kafka,
            group: settings.group,
            options: KafkaConsumer.Options(properties: Self.consumerProperties),
            handler: tasks
        )
        tasks.consumer = consumer
        try consumer.subscribe([settings.kafka.name(.raw)])
        readiness.set("kafka", .ok)
        do {
            try loop(stop: stop, consumer: consumer, tasks: tasks, writer: writer)
        } catch {
            // Nothing that failed may be committed on the way out.
            try? consumer.close(abandon: true)
            throw error
        }
        try consumer.close()
        if let failure = tasks.failure { throw failure }
    }

    private func checkTopics() throws -> Int {
        let partitions = try KafkaTopics.check(settings.topics, settings: settings.kafka)
        let input = partitions[settings.kafka.name(.raw)] ?? 0
        let state = partitions[settings.kafka.name(.aggregatorState)] ?? 0
        guard input == state else { throw PartitionMismatch(input: input, state: state) }
        return input
    }

    private func loop(stop: StopSignal, consumer: KafkaConsumer, tasks: PartitionTasks, writer: TransactionWriter)
        throws
    {
        var slowWorkAt = ContinuousClock.now
        while !stop.isRequested {
            readiness.heartbeat.beat()
            do {
                let now = ContinuousClock.now
                if now >= slowWorkAt {
                    slowWorkAt = now.advanced(by: .milliseconds(500))
                    try slowWork(consumer: consumer, tasks: tasks)
                }
                try turn(consumer: consumer, tasks: tasks, writer: writer)
            } catch let error as KafkaError
                where (error.requiresAbort && !error.isFatal && !error.isFenced) || error.isOffsetOutOfRange
            {
                // A restore also says what a position is that the broker no longer has, and what can be done.
                logger.warning("the transaction is aborted and its input read again: \(error)")
                try consumer.seek(to: try tasks.startAgain())
            }
        }
        try tasks.commit()
    }

    /// One transaction and what goes into it.
    private func turn(consumer: KafkaConsumer, tasks: PartitionTasks, writer: TransactionWriter) throws {
        var inTransaction = 0
        var began = ContinuousClock.now
        var task: PartitionTask?
        repeat {
            let now = ContinuousClock.now
            let clock = ClockReading.now()
            let room = min(Self.batch, settings.transactionRecords - inTransaction)
            // Behind the interval there is a backlog, and more comes at once.
            let left = settings.transactionInterval - began.duration(to: now)
            let wait = inTransaction == 0 ? settings.transactionInterval : max(left, .milliseconds(5))
            let count = try consumer.poll(max: room, timeout: wait) { record in
                // Records come in runs of one partition.
                if task?.partition != record.partition { task = tasks.tasks[record.partition] }
                try task?.take(record, clock: clock)
            }
            task = nil
            if let failure = tasks.failure { throw failure }
            if inTransaction == 0, count > 0 { began = .now }
            inTransaction += count
            if count == 0, !tasks.isBehind { break }
        } while inTransaction < settings.transactionRecords && hasTime(since: began, tasks: tasks)
        tasks.publishCounts()
        try tasks.advance(to: .now())
        try tasks.commit()
    }

    private func hasTime(since began: ContinuousClock.Instant, tasks: PartitionTasks) -> Bool {
        let spent = began.duration(to: .now)
        return spent < settings.transactionInterval || (spent < Self.backlogInterval && tasks.isBehind)
    }

    private func slowWork(consumer: KafkaConsumer, tasks: PartitionTasks) throws {
        readiness.set("kafka", consumer.unreachable.map { .failing($0.description) } ?? .ok)
        readiness.set("partitions", tasks.wasAssigned ? .ok : .failing("the group has assigned none yet"))
        let clock = tasks.checkClock()
        readiness.set("clock", clock == .plausible ? .ok : .failing(clock.description))
        try tasks.followRules()
        tasks.publish(clock: .now())
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
