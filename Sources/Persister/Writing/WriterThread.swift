import Logging
import Shared

/// What one writer thread does: takes a batch, writes it part by part, puts it back after trouble.
struct WriterThread {
    private let queue: Monitor<WriterQueue>
    private let isEnding: () -> Bool
    private let deadLetters: any DeadLetterSink
    private let logger: Logger
    private let clocks: Clocks
    private let random: () -> Double
    private let connect: () throws(PostgresError) -> BatchWriter
    private var writer: BatchWriter?

    /// A writer that has not connected yet.
    /// - Parameters:
    ///   - random: from 0 to below 1, for the lengths of pauses.
    ///   - connect: makes a connection ready for writing.
    init(
        queue: Monitor<WriterQueue>,
        isEnding: @escaping () -> Bool,
        deadLetters: any DeadLetterSink,
        logger: Logger,
        clocks: Clocks = .system,
        random: @escaping () -> Double = { .random(in: 0..<1) },
        connect: @escaping () throws(PostgresError) -> BatchWriter
    ) {
        self.queue = queue
        self.isEnding = isEnding
        self.deadLetters = deadLetters
        self.logger = logger
        self.clocks = clocks
        self.random = random
        self.connect = connect
    }

    /// Works until the queue ends.
    mutating func run() {
        while let job = next() { work(at: job) }
    }

    /// Writes a batch, or puts it back.
    mutating func work(at job: WriterJob) {
        var job = job
        do {
            while let part = job.parts.first, queue.read({ $0.wants(job) }) {
                job.wrote(try write(part, of: &job))
            }
            if queue.withLock({ [job, clocks] in $0.finish(job, now: clocks.instant()) }) {
                logger.info("PostgreSQL takes rows again")
            }
        } catch {
            // The next attempt makes a connection and a producer of its own: these may be half dead.
            writer = nil
            deadLetters.reset()
            putBack(&job, after: error)
        }
    }

    /// Waits for a batch; nil when the queue ends.
    private func next() -> WriterJob? {
        var wake: ContinuousClock.Instant?
        while true {
            let delay = wake.map { max(.zero, clocks.instant().duration(to: $0)) } ?? .seconds(3600)
            let next = queue.wait(atMost: delay) { queue -> WriterQueue.Next? in
                let next = queue.next(now: clocks.instant())
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
            try deadLetters.flush(timeout: DeadLetterQueue.patience)
            job.delivered(letters)
        }
        self.writer = writer
        return result
    }

    private func putBack(_ job: inout WriterJob, after error: any Error) {
        guard !(error is Fenced), (error as? any ClassifiedError)?.disposition != .fatal, error is any ClassifiedError
        else { return queue.withLock { [job] in $0.fail(job, error) } }
        job.failed(error, now: clocks.instant(), random: random())
        let isNew = queue.withLock { [job] in $0.retry(job) }
        guard isNew, !isEnding() else { return }
        let delay = max(.zero, clocks.instant().duration(to: job.due))
        logger.warning(
            "\(job.batch.source) waits, nothing is lost: \(error)",
            metadata: ["retry_in": "\(delay)", "rows": "\(job.parts.first?.rows.count ?? 0)"]
        )
    }
}
