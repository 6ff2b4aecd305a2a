import Shared

/// Notices times in which nothing was polled: an outage of the network, of CoinGecko or of the service. A value without a clock.
struct GapWatch: Sendable {
    /// The shortest gap.
    static let shortest: Duration = .seconds(900)

    private var reported: EventTime?

    /// Takes the time of an answer. A gap is found again until ``told(at:)`` says that somebody knows of it.
    /// - Parameters:
    ///   - wall: when the page was answered.
    ///   - before: when the same page was answered before, perhaps by a process before this one.
    ///   - interval: how far two answers are apart when all is well.
    /// - Returns: a gap, once for all pages that it concerns.
    func answered(at wall: EventTime, before: EventTime?, interval: Duration) -> Range<EventTime>? {
        guard let before, before < wall, before >= reported ?? before else { return nil }
        let length = Duration.microseconds(wall.microseconds - before.microseconds)
        guard length >= max(Self.shortest, interval * 3) else { return nil }
        return before..<wall
    }

    /// Notes that somebody fills the gap that ended at this time.
    mutating func told(at wall: EventTime) {
        reported = wall
    }
}
