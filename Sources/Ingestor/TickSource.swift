/// Where ticks come from. A source belongs to the pipeline's thread, which pulls: it asks for the next ticks when Kafka
/// has taken the ones before.
protocol TickSource {
    /// Appends the ticks that are due now, a few hundred at most. May block for one request or one read of a file.
    /// - Parameters:
    ///   - batch: an empty batch to fill.
    ///   - clock: reads both clocks; a source that blocks reads them before and after.
    /// - Returns: when to ask again.
    /// - Throws: a `ClassifiedError` when the source cannot go on by itself.
    mutating func next(into batch: inout TickBatch, clock: () -> Moment) throws -> SourceStep

    /// Everything handed out so far is acknowledged by Kafka.
    mutating func acknowledged()
}

extension TickSource {
    /// Only a source that can go on from a place of its own needs to know.
    mutating func acknowledged() {}
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
