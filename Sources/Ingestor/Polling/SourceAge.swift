import Shared

/// Whether the source stands still: judged once a round, by the newest price of all its pages. A value without a clock.
struct SourceAge: Sendable {
    /// How old the newest price may be before its clock, or its source, counts as behind.
    static let tolerance: Duration = .seconds(900)

    /// Whether the last round that brought a price found everything old.
    private(set) var isBehind = false
    private var youngest: Duration?

    /// Takes a page of the round.
    /// - Parameters:
    ///   - newest: its newest `last_updated`, if it has one.
    ///   - time: when the answer was made.
    /// - Returns: whether everything on this page is old.
    mutating func add(newest: EventTime?, at time: EventTime) -> Bool {
        guard let newest else { return false }
        let age = Duration.microseconds(time.microseconds - newest.microseconds)
        youngest = min(youngest ?? age, age)
        return age > Self.tolerance
    }

    /// Judges the round that is over.
    /// - Returns: the age of the newest price when the judgement is another one than before.
    mutating func judge() -> Duration? {
        guard let age = youngest else { return nil }
        youngest = nil
        let wasBehind = isBehind
        isBehind = age > Self.tolerance
        return isBehind == wasBehind ? nil : age
    }
}
