import Logging
import Shared

/// Kafka -> newest per coin -> Redis -> commit. See ``CacherTask`` for the way of a record.
public struct CacherPipeline: Pipeline {
    private let settings: CacherSettings
    private let readiness: Readiness
    private let metrics: CacherMetrics
    private let watch: BrokerWatch
    private let logger = Logger(label: "cacher")

    /// Makes the pipeline; nothing is connected yet.
    public init(settings: CacherSettings, readiness: Readiness, metrics: CacherMetrics = CacherMetrics()) {
        self.settings = settings
        self.readiness = readiness
        self.metrics = metrics
        watch = BrokerWatch(settings: settings.kafka, readiness: readiness)
    }

    /// Runs on the calling thread until it is asked to stop; then everything acknowledged is committed.
    public func run(stop: StopSignal) throws {
        let partitions = try watch.wait(for: RecordDecoder.inputs.map(settings.kafka.name), stop: stop)
        let task = CacherTask(
            settings: settings,
            readiness: readiness,
            metrics: metrics,
            logger: logger,
            partitions: partitions,
            writer: CacheWriter(
                url: settings.redis,
                timeout: settings.redisTimeout,
                encoder: CacheEncoder(settings)
            ),
            deadLetters: DeadLetterQueue(settings: settings.kafka, stop: stop)
        )
        let consumer = try KafkaConsumer(
            settings: settings.kafka,
            group: settings.group,
            // What Kafka no longer has was superseded long ago: go on with the earliest there is.
            options: KafkaConsumer.Options(resetsToEarliest: true),
            handler: task,
            stop: stop
        )
        try consumer.subscribe(task.topics)
        try task.run(until: stop, consumer: consumer)
    }
}
