import Logging
import Shared

/// What one writer thread does: takes a batch, writes it, tries again after trouble, tells what became of it.
struct WriterThread {
    private let index: Int
    private let settings: PersisterSettings
    private let state: Monitor<WriterPool.State>
    private let deadLetters: DeadLetterSender
    private let logger: Logger
    private var writer: BatchWriter?

    /// A writer that has not connected yet.
    init(index: Int, settings: PersisterSettings, state: Monitor<WriterPool.State>) {
        self.index = index
        self.settings = settings
        self.state = state
        deadLetters = DeadLetterSender(settings: settings.kafka)
        logger = Logger(label: "writer \(index)")
    }

    /// Works until the pool stops.
    mutating func run() {
        while let batch = next() {
            let outcome = write(batch)
            state.withLock { state in
                state.lanes[index].writing = nil
                state.lanes[index].trouble = nil
                state.outcomes.append(outcome)
            }
        }
    }

    /// Waits for a batch; nil when the pool stops.
    private func next() -> Batch? {
        while true {
            let found = state.wait(atMost: .seconds(3600)) { state -> Batch?? in
                guard !state.lanes[index].waiting.isEmpty else { return state.isStopping ? .some(nil) : nil }
                let batch = state.lanes[index].waiting.removeFirst()
                state.lanes[index].writing = batch.source
                return batch
            }
            if let found { return found }
        }
    }

    private mutating func write(_ batch: Batch) -> WriterPool.Outcome {
        let started = ContinuousClock.now
        var backoff = Backoff()
        var isFirst = true
        while true {
            do {
                let result = try attempt(batch, isFirst: isFirst)
                let seconds = started.duration(to: .now) / .seconds(1)
                if !isFirst {
                    logger.info("PostgreSQL takes rows again", metadata: ["attempts": "\(backoff.failures)"])
                }
                return .written(batch, result, seconds: seconds)
            } catch {
                guard !(error is Fenced), (error as? any ClassifiedError)?.disposition == .retry else {
                    return .failed(batch.source, error)
                }
                // The next attempt makes a connection and a producer of its own: these may be half dead.
                writer = nil
                deadLetters.reset()
                isFirst = false
                let delay = backoff.next(random: .random(in: 0..<1))
                state.withLock { $0.lanes[index].trouble = "\(error)" }
                logger.warning("\(batch.source) waits, nothing is lost: \(error)", metadata: ["retry_in": "\(delay)"])
                if isUnwanted(batch.source, within: delay) { return .dropped(batch.source) }
            }
        }
    }

    private mutating func attempt(_ batch: Batch, isFirst: Bool) throws -> BatchWriter.Result {
        var writer = try self.writer ?? BatchWriter(PostgresConnection(settings.postgres))
        self.writer = nil
        if !isFirst, try writer.isWritten(batch) {
            // The COMMIT before went through, only its answer was lost.
            self.writer = writer
            return BatchWriter.Result(rows: batch.rowCount)
        }
        let result = try writer.write(batch) { letters in try deadLetters.deliver(letters, from: batch.source) }
        self.writer = writer
        return result
    }

    /// Sleeps.
    /// - Returns: whether the partition was given up, or the pool stopped, meanwhile.
    private func isUnwanted(_ partition: TopicPartition, within delay: Duration) -> Bool {
        state.wait(atMost: delay) { $0.isStopping || $0.abandoned.contains(partition) ? true : nil } ?? false
    }
}
