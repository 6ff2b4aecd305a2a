import Shared

/// Notices times in which nothing was polled: an outage of the network, of CoinGecko or of the service. A value without a clock.
struct GapWatch: Sendable {
    /// The shortest gap.
    static let shortest: Duration = .seconds(900)

    /// Where the last gap ends that somebody fills.
    private var reported: EventTime?

    /// A watch.
    /// - Parameter known: where the last gap ends that a process before this one has noticed, whether it is filled yet or not.
    init(known: EventTime? = nil) {
        reported = known
    }

    /// Takes the time of an answer. A gap is found again until ``told(at:)`` says that somebody fills it.
    /// - Parameters:
    ///   - wall: when the page was answered.
    ///   - before: when the same page was answered before, perhaps by a process before this one.
    ///   - interval: how far two answers are apart when all is well.
    /// - Returns: a gap, once for all pages that it concerns, and without what is filled already.
    func answered(at wall: EventTime, before: EventTime?, interval: Duration) -> Range<EventTime>? {
        guard let before, before < wall else { return nil }
        // One that ends in the future was noticed by a clock that was ahead.
        let start = reported.map { $0 > wall ? before : max(before, $0) } ?? before
        let length = Duration.microseconds(wall.microseconds - start.microseconds)
        guard length >= max(Self.shortest, interval * 3) else { return nil }
        return start..<wall
    }

    /// Notes that somebody fills the gap that ended at this time.
    mutating func told(at wall: EventTime) {
        reported = wall
    }
}
