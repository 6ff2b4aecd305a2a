import Logging
import Shared

/// Kafka -> newest per coin -> Redis -> commit. See ``CacherTask`` for the way of a record.
public struct CacherPipeline: Pipeline {
    private let settings: CacherSettings
    private let readiness: Readiness
    private let metrics: CacherMetrics
    private let logger = Logger(label: "cacher")

    /// Makes the pipeline; nothing is connected yet.
    public init(settings: CacherSettings, readiness: Readiness, metrics: CacherMetrics = CacherMetrics()) {
        self.settings = settings
        self.readiness = readiness
        self.metrics = metrics
    }

    /// Runs on the calling thread until it is asked to stop; then everything acknowledged is committed.
    public func run(stop: StopSignal) throws {
        let task = try CacherTask(
            settings: settings,
            readiness: readiness,
            metrics: metrics,
            logger: logger,
            stop: stop
        )
        try task.run()
    }
}
