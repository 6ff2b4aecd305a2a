import Logging
import Shared

/// What one writer thread does: takes a batch, writes it part by part, puts it back after trouble.
struct WriterThread {
    private let settings: PersisterSettings
    private let queue: Monitor<WriterQueue>
    private let end: StopSignal
    private let deadLetters: DeadLetterQueue
    private let logger: Logger
    private var writer: BatchWriter?

    /// A writer that has not connected yet.
    init(index: Int, settings: PersisterSettings, queue: Monitor<WriterQueue>, end: StopSignal) {
        self.settings = settings
        self.queue = queue
        self.end = end
        deadLetters = DeadLetterQueue(settings: settings.kafka, stop: end)
        logger = Logger(label: "writer \(index)")
    }

    /// Works until the queue ends.
    mutating func run() {
        while var job = next() {
            do {
                while let part = job.parts.first, queue.read({ $0.wants(job) }) {
                    job.wrote(try write(part, of: &job))
                }
                if queue.withLock({ $0.finish(job, now: .now) }) { logger.info("PostgreSQL takes rows again") }
            } catch {
                // The next attempt makes a connection and a producer of its own: these may be half dead.
                writer = nil
                deadLetters.reset()
                putBack(&job, after: error)
            }
        }
    }

    /// Waits for a batch; nil when the queue ends.
    private func next() -> WriterJob? {
        var wake: ContinuousClock.Instant?
        while true {
            let delay = wake.map { max(.zero, ContinuousClock.now.duration(to: $0)) } ?? .seconds(3600)
            let next = queue.wait(atMost: delay) { queue -> WriterQueue.Next? in
                let next = queue.next(now: .now)
                if case .wait(let until) = next, until == wake { return nil }
                return next
            }
            switch next {
            case .write(let job): return job
            case .end: return nil
            case .wait(let until): wake = until
            case nil: continue
            }
        }
    }

    private mutating func write(_ part: BatchPart, of job: inout WriterJob) throws -> BatchWriter.Result {
        var writer = try self.writer ?? connect()
        // Until it is known to be well: no other attempt may use it after an error.
        self.writer = nil
        if job.trouble != nil, try writer.isWritten(part, of: job.batch) {
            // The COMMIT before went through, only its answer was lost.
            self.writer = writer
            return BatchWriter.Result(rows: part.rows.count)
        }
        let result = try writer.write(part, of: job.batch) { letters in
            let letters = job.undelivered(letters)
            for letter in letters { try deadLetters.send(letter) }
            try deadLetters.flush()
            job.delivered(letters)
        }
        self.writer = writer
        return result
    }

    private func connect() throws(PostgresError) -> BatchWriter {
        // The server ends a statement that takes too long, so that it doesn't go on for nobody. One that stands still
        // can't, and is given up a little later.
        let timeout = settings.databaseTimeout
        let connection = try PostgresConnection(settings.postgres, silence: timeout + .seconds(2), stop: end)
        return try BatchWriter(connection, statementTimeout: timeout)
    }

    private func putBack(_ job: inout WriterJob, after error: any Error) {
        guard !(error is Fenced), (error as? any ClassifiedError)?.disposition != .fatal, error is any ClassifiedError
        else { return queue.withLock { [job] in $0.fail(job, error) } }
        job.failed(error, now: .now, random: .random(in: 0..<1))
        let isNew = queue.withLock { [job] in $0.retry(job) }
        guard isNew, !end.isRequested else { return }
        let delay = max(.zero, ContinuousClock.now.duration(to: job.due))
        logger.warning(
            "\(job.batch.source) waits, nothing is lost: \(error)",
            metadata: ["retry_in": "\(delay)", "rows": "\(job.parts.first?.rows.count ?? 0)"]
        )
    }
}
