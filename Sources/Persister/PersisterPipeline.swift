import Logging
import Shared
import Synchronization

/// The way of a record, top to bottom: poll, decode into its partition's batch, hand the batch to a writer, commit.
///
/// This thread polls, decodes and decides; the writers of ``WriterPool`` wait for the database. A dead letter is a record
/// that ``Batch`` can't use or whose row ``RowStore`` finds refused; ``BatchWriter`` sends it before it commits.
public final class PersisterPipeline: Pipeline {
    private let settings: PersisterSettings
    private let readiness: Readiness
    private let metrics: PersisterMetrics
    private let logger = Logger(label: "persister")
    private let hasNamedServer = Atomic<Bool>(false)
    private let watch: BrokerWatch

    /// The names of its conditions for `/readyz`.
    static let conditions = (kafka: BrokerWatch.condition, partitions: "partitions", postgres: "postgres")

    /// A pipeline that connects when it is run.
    init(settings: PersisterSettings, readiness: Readiness, metrics: PersisterMetrics = PersisterMetrics()) {
        self.settings = settings
        self.readiness = readiness
        self.metrics = metrics
        watch = BrokerWatch(settings: settings.kafka, readiness: readiness)
    }

    /// Works until it is asked to stop, then writes what it has in hand.
    public func run(stop: StopSignal) throws {
        do {
            try checkDatabase(stop: stop)
        } catch {
            // Nothing is in hand yet.
            if stop.isRequested { return }
            throw error
        }
        let pool = try WriterPool(settings: settings)
        defer { pool.stop(atMost: .milliseconds(500)) }
        let assignment = Assignment(
            settings: settings,
            pool: pool,
            metrics: metrics,
            connect: { [settings, readiness] () throws(PostgresError) in
                try PostgresConnection(
                    settings.postgres,
                    silence: settings.databaseTimeout,
                    stop: stop,
                    heartbeat: readiness.heartbeat
                )
            }
        )
        let topics = assignment.topics
        _ = try watch.wait(for: topics + [settings.kafka.name(.deadLetter)], stop: stop)
        let consumer = try KafkaConsumer(
            settings: settings.kafka,
            group: settings.group,
            handler: assignment,
            stop: stop
        )
        try consumer.subscribe(topics)
        let loop = WritingLoop(clocks: .system) { [self] in
            readiness.heartbeat.beat()
            reportReadiness(assignment, pool)
        }
        try loop.run(until: stop, consumer: consumer, assignment: assignment)
    }

    /// Makes sure that there is a database with the schema before the group is joined, and logs once what it is.
    private func checkDatabase(stop: StopSignal) throws {
        let connection = try PostgresConnection(
            settings.postgres,
            silence: settings.databaseTimeout,
            stop: stop,
            heartbeat: readiness.heartbeat
        )
        _ = try connection.query("SELECT count(*) FROM processing_metadata", [])
        if !hasNamedServer.exchange(true, ordering: .relaxed) {
            let edition = try ServerEdition.ask(connection)
            logger.info("\(edition)")
        }
        readiness.set(Self.conditions.postgres, .ok)
    }

    private func reportReadiness(_ assignment: Assignment, _ pool: WriterPool) {
        readiness.set(Self.conditions.postgres, pool.trouble.map { .failing($0) } ?? .ok)
        readiness.set(Self.conditions.partitions, assignment.hasJoined ? .ok : .failing("joining the group"))
    }
}
