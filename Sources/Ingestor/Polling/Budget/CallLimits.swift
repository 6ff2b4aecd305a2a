import Shared

/// How many calls a key allows.
struct CallLimits: Sendable, Hashable {
    /// The longest month.
    static let month: Duration = .seconds(31 * 86_400)

    /// The most calls within any minute, at least 1.
    var perMinute: Int
    /// The most calls within any 31 days; `nil` when there is no such limit.
    var perMonth: Int?
    /// How many calls one round of polling needs; that many may follow each other without a pause.
    var round: Int

    /// Makes limits.
    init(perMinute: Int, perMonth: Int?, round: Int) {
        self.perMinute = max(1, perMinute)
        self.perMonth = perMonth.map { max(1, $0) }
        self.round = max(1, round)
    }

    /// The most calls of a kind within any minute: history leaves polls a quarter.
    func perMinute(for purpose: CallPurpose) -> Int {
        switch purpose {
        case .poll: perMinute
        case .backfill: max(1, perMinute - max(1, perMinute / 4))
        }
    }

    /// One round, but never more than half of the month.
    var burst: Int {
        perMonth.map { max(1, min(round, $0 / 2)) } ?? round
    }

    /// The pause between polls that spreads the month's quota; zero without one. The opening burst is taken off first, so
    /// that burst and even pace together stay within it, and so is what history took.
    /// - Parameter backfilled: calls for history within the last 31 days.
    func monthlyPace(backfilled: Int = 0) -> Duration {
        perMonth.map { Self.month / max(1, $0 - burst - max(0, backfilled)) } ?? .zero
    }

    /// The shortest time between the starts of two rounds that both limits allow for good.
    var roundInterval: Duration {
        max(.seconds(60) * round / perMinute, monthlyPace() * round)
    }
}
