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
            stop: stop,
            heartbeat: readiness.heartbeat
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
        do {
            while !stop.isRequested {
                readiness.heartbeat.beat()
                let now = EventTime.now()
                try assignment.collect(now: now)
                try assignment.submitDue(now: now, of: consumer)
                try assignment.report(now: now, of: consumer)
                reportReadiness(assignment, pool)
                try consumer.poll(max: 1000, timeout: assignment.pollTimeout()) { assignment.take($0) }
            }
        } catch let error as KafkaError where error.isOffsetOutOfRange {
            consumer.close(abandon: true)
            throw PositionOutOfRange(error: error)
        } catch {
            consumer.close(abandon: true)
            // A stop may interrupt anything, such as reading the positions of new partitions; with nothing in hand no harm
            // is done.
            if stop.isRequested, assignment.unwritten == 0, (error as? any ClassifiedError)?.disposition == .retry {
                return
            }
            throw error
        }
        // Leaving the group revokes our partitions, and that writes what is in hand.
        consumer.close()
        if assignment.unwritten > 0 { throw LeftUnwritten(records: assignment.unwritten) }
    }

    /// Makes sure that there is a database with the schema before the group is joined, and logs once what it is.
    private func checkDatabase(stop: StopSignal) throws {
        let connection = try PostgresConnection(
            settings.postgres,
            silence: settings.databaseTimeout,
            stop: stop,
            heartbeat: readiness.heartbeat
        )
        _ = try connection.query("SELECT count(*) FROM processing_metadata")
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
