import Shared

/// Where ticks come from. A source belongs to the pipeline's thread, which pulls: it asks for the next ticks when Kafka
/// has taken the ones before.
protocol TickSource {
    /// Appends the ticks that are due now, a few hundred at most. May block for one request or one read of a file.
    /// - Parameters:
    ///   - batch: an empty batch to fill.
    ///   - clock: reads both clocks; a source that blocks reads them before and after.
    /// - Returns: when to ask again.
    /// - Throws: a `ClassifiedError` when the source cannot go on by itself.
    mutating func next(into batch: inout TickBatch, clock: () -> ClockReading) throws -> SourceStep

    /// Told when every tick that was handed out is acknowledged: what the source keeps in `ingestor.state` may say so now.
    /// - Throws: a `ClassifiedError`.
    mutating func delivered() throws

    /// What a live source has given up since the start, because Kafka held it back for longer than it makes up for.
    var missed: Missed { get }
}

extension TickSource {
    /// Most sources keep nothing.
    mutating func delivered() throws {}
}

/// What a source says after each call.
enum SourceStep: Sendable, Hashable {
    /// There is more: ask again at once.
    case more
    /// Nothing is due for this long.
    case wait(Duration)
    /// There will never be more.
    case finished
}
