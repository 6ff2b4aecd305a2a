import Logging
import Shared

/// The Aggregator as a service: reads `prices.raw`, lets the tasks decide, and commits a transaction every so often.
public struct AggregatorPipeline: Pipeline {
    private let settings: AggregatorSettings
    private let readiness: Readiness
    private let metrics: AggregatorMetrics
    private let watch: BrokerWatch
    private let logger = Logger(label: "aggregator")

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
            limit: settings.transactionLimits.timeout,
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
            states: StateRestorer(
                settings: settings,
                memory: CoinMemory(limit: settings.coinMemory / max(1, inputPartitions)),
                metrics: metrics,
                logger: logger,
                read: StateRestorer.kafka(settings.kafka, stop: stop, heartbeat: readiness.heartbeat)
            ),
            inputPartitions: inputPartitions,
            logger: logger,
            isBrokerReachable: { [watch] in watch.isReachable }
        )
        let consumer = try KafkaConsumer(
            settings: settings.kafka,
            group: settings.group,
            options: KafkaConsumer.Options(properties: Self.consumerProperties),
            handler: tasks,
            stop: stop
        )
        try consumer.subscribe([settings.kafka.name(.raw)])
        let loop = TransactionLoop(settings: settings, readiness: readiness, logger: logger)
        try loop.run(until: stop, consumer: consumer, tasks: tasks)
    }

    private func checkTopics(_ stop: StopSignal) throws -> Int {
        let partitions = try watch.wait(for: settings.topics, stop: stop)
        let input = partitions[settings.kafka.name(.raw)] ?? 0
        let state = partitions[settings.kafka.name(.aggregatorState)] ?? 0
        guard input == state else { throw PartitionMismatch(input: input, state: state) }
        return input
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
