import Shared

/// A batch on its way into the database: what of it is left to write, what has come of it so far, and when it is tried
/// again after trouble.
struct WriterJob: Sendable {
    /// The longest wait between two attempts. The Persister is back within 5 s of the database.
    static let longestBackoff = Duration.seconds(4)

    /// Why the last attempt failed.
    struct Trouble: Sendable, Equatable {
        /// In words.
        let text: String
        /// Whether the server could not be reached at all: then the next success of anybody ends the wait.
        let isServerAway: Bool
    }

    /// The batch.
    let batch: Batch
    /// When it was handed over.
    let submitted: ContinuousClock.Instant
    /// What is left to write, in order.
    private(set) var parts: ArraySlice<BatchPart>
    /// What the parts before came to.
    private(set) var result = BatchWriter.Result()
    /// Not to be tried before.
    private(set) var due: ContinuousClock.Instant
    /// Why the last attempt failed; nil before the first attempt, and after a part was written.
    private(set) var trouble: Trouble?
    /// The offsets of its dead letters that are acknowledged, so that another attempt doesn't send them again.
    private var deliveredOffsets: Set<Int64> = []
    private var backoff = Backoff(cap: WriterJob.longestBackoff)

    /// A batch that nobody has tried to write.
    init(_ batch: Batch, now: ContinuousClock.Instant) {
        self.batch = batch
        submitted = now
        due = now
        parts = batch.parts[...]
    }

    /// Takes note that the first of the parts is written.
    mutating func wrote(_ result: BatchWriter.Result) {
        parts = parts.dropFirst()
        self.result.add(result)
        trouble = nil
        backoff.reset()
    }

    /// Takes note of an attempt that failed and may succeed later. Where it was too much at once, half of it is tried
    /// next, without delay.
    mutating func failed(_ error: any Error, now: ContinuousClock.Instant, random: Double) {
        let state = (error as? PostgresError)?.sqlState
        trouble = Trouble(text: "\(error)", isServerAway: state?.isServerAway ?? false)
        if state?.isTooMuchAtOnce == true, let first = parts.first, let halves = batch.halves(of: first) {
            parts = halves + parts.dropFirst()
            due = now
        } else {
            due = now.advanced(by: backoff.next(random: random))
        }
    }

    /// Those of its dead letters that an earlier attempt has not delivered.
    func undelivered(_ letters: [DeadLetter]) -> [DeadLetter] {
        letters.filter { !deliveredOffsets.contains($0.offset) }
    }

    /// Takes note that dead letters are acknowledged.
    mutating func delivered(_ letters: [DeadLetter]) {
        deliveredOffsets.formUnion(letters.map(\.offset))
    }

    /// Ends the wait for a server that has come back.
    mutating func serverIsBack(now: ContinuousClock.Instant) {
        if trouble?.isServerAway == true { due = min(due, now) }
    }
}
