/// How many requests a plan allows, and when the next one may go. A value without a clock: the time is passed in as
/// the time since the process started.
///
/// The minute is a sliding one: no 60 seconds hold more than ``perMinute`` requests. The month is spread: after an
/// opening burst of one round, requests come at an even pace, and no 31 days hold more than ``perMonth``.
struct RequestBudget: Sendable {
    /// The longest month.
    static let month: Duration = .seconds(31 * 86_400)

    /// The most requests within any minute, at least 1.
    let perMinute: Int
    /// The most requests within any 31 days; `nil` when the plan has no such limit.
    let perMonth: Int?
    /// How many requests one round of polling needs; that many may follow each other without a pause.
    let round: Int

    /// When each request of the last minute went, oldest first.
    private var lastMinute: [Duration] = []
    /// When each request would have gone at an even pace (the "theoretical arrival time" of the GCRA algorithm).
    private var evenPace: Duration = .zero
    /// How many requests went.
    private(set) var spent = 0

    /// Makes an unspent budget.
    init(perMinute: Int, perMonth: Int?, round: Int) {
        self.perMinute = max(1, perMinute)
        self.perMonth = perMonth.map { max(1, $0) }
        self.round = max(1, round)
    }

    /// The pause between requests that spreads a month's quota; zero without one.
    ///
    /// The opening burst is taken off the quota first, so that burst and even pace together stay within it.
    var monthlyPace: Duration {
        perMonth.map { Self.month / max(1, $0 - burst) } ?? .zero
    }

    /// The shortest time between the starts of two rounds that both limits allow for good.
    var roundInterval: Duration {
        max(.seconds(60) * round / perMinute, monthlyPace * round)
    }

    /// How long to wait before the next request.
    /// - Parameter now: the time since the process started.
    /// - Returns: zero when it may go at once.
    func wait(at now: Duration) -> Duration {
        var free = now
        if lastMinute.count >= perMinute {
            free = max(free, lastMinute[lastMinute.count - perMinute] + .seconds(60))
        }
        if perMonth != nil {
            free = max(free, evenPace - monthlyPace * (burst - 1))
        }
        return free - now
    }

    /// Notes that a request goes out. Whatever comes back, it counts: an older page of CoinGecko's says that every call
    /// does.
    mutating func spend(at now: Duration) {
        lastMinute.removeAll { $0 <= now - .seconds(60) }
        lastMinute.append(now)
        evenPace = max(evenPace, now) + monthlyPace
        spent += 1
    }

    /// How many requests the last minute leaves.
    func leftThisMinute(at now: Duration) -> Int {
        perMinute - lastMinute.count { $0 > now - .seconds(60) }
    }

    /// One round, but never more than half of the month.
    private var burst: Int {
        perMonth.map { max(1, min(round, $0 / 2)) } ?? round
    }
}
