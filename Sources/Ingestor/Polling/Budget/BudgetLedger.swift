import Shared

/// The calls spent with a key, by all processes that use it, over all their restarts. A value without a clock.
///
/// The minute is a sliding one. The month is spread for polls: after an opening burst of one round they come at an even
/// pace. Whatever calls are for, no 31 days of the calendar hold more than the month's.
struct BudgetLedger: StateValue {
    /// The calls of a day, UTC.
    struct Day: Sendable, Hashable {
        /// Days since 1970-01-01.
        var number: Int64
        /// Calls for prices.
        var polls: Int
        /// Calls for history.
        var backfills: Int
    }

    /// The calls of a second.
    struct Second: Sendable, Hashable {
        /// When the last of them went.
        var last: EventTime
        /// How many.
        var calls: Int
    }

    /// How many calls were ever spent: each record of a ledger has a number of its own.
    var number = 0
    /// Who wrote it; another one for every call.
    var writer = ""
    /// The last 31 days, oldest first.
    var days: [Day] = []
    /// The last minute, oldest first.
    var seconds: [Second] = []
    /// When the last poll would have gone at an even pace (the "theoretical arrival time" of the GCRA algorithm).
    var evenPace: EventTime?

    private static let dayLength: Int64 = 86_400_000_000

    /// A ledger without calls.
    init() {}

    /// How many calls the 31 days of the calendar that end today hold.
    func spent(at wall: EventTime) -> Int {
        days.reduce(0) { $0 + (Self.isRecent($1, at: wall) ? $1.polls + $1.backfills : 0) }
    }

    /// How many of them were for history.
    func backfilled(at wall: EventTime) -> Int {
        days.reduce(0) { $0 + (Self.isRecent($1, at: wall) ? $1.backfills : 0) }
    }

    /// How many calls the minute leaves.
    func leftThisMinute(at wall: EventTime, limits: CallLimits) -> Int {
        max(0, limits.perMinute - open(at: wall).reduce(0) { $0 + $1.calls })
    }

    /// How long to wait before the next call.
    /// - Returns: zero when it may go at once.
    func wait(for purpose: CallPurpose, at wall: EventTime, limits: CallLimits) -> Duration {
        var free = wall
        let most = limits.perMinute(for: purpose)
        var inMinute = open(at: wall)
        while let oldest = inMinute.first, inMinute.reduce(0, { $0 + $1.calls }) >= most {
            // A call of a clock that was ahead is no later than now.
            free = max(free, Self.minute(after: min(oldest.last, wall)))
            inMinute.removeFirst()
        }
        if let perMonth = limits.perMonth {
            if spent(at: wall) >= perMonth {
                free = max(free, EventTime(microseconds: (Self.day(of: wall) + 1) * Self.dayLength))
            }
            if purpose == .poll, let evenPace {
                let pace = limits.monthlyPace(backfilled: backfilled(at: wall)).wholeMicroseconds
                let believed = min(evenPace, Self.furthest(at: wall, pace: pace, limits: limits))
                free = max(free, EventTime(microseconds: believed.microseconds - pace * Int64(limits.burst - 1)))
            }
        }
        return .microseconds(free.microseconds - wall.microseconds)
    }

    /// The ledger after a call. Whatever comes back, it counts: an older page of CoinGecko's says that every call does.
    /// - Parameter writer: a name for this call.
    func spending(_ purpose: CallPurpose, at wall: EventTime, limits: CallLimits, writer: String) -> BudgetLedger {
        var next = self
        next.number = number == .max ? number : number + 1
        next.writer = writer
        next.seconds = open(at: wall).map { Second(last: min($0.last, wall), calls: $0.calls) }
        if let last = next.seconds.last, last.last.unixSeconds == wall.unixSeconds {
            next.seconds[next.seconds.count - 1] = Second(last: wall, calls: last.calls + 1)
        } else {
            next.seconds.append(Second(last: wall, calls: 1))
        }
        let today = Self.day(of: wall)
        // What a clock that was ahead wrote down counts from today on, else it would count for ever.
        let early = next.days.filter { $0.number > today }
        next.days.removeAll { !Self.isRecent($0, at: wall) || $0.number > today }
        let index = next.days.firstIndex { $0.number == today } ?? next.days.endIndex
        if index == next.days.endIndex { next.days.append(Day(number: today, polls: 0, backfills: 0)) }
        for day in early {
            next.days[index].polls += day.polls
            next.days[index].backfills += day.backfills
        }
        switch purpose {
        case .poll:
            next.days[index].polls += 1
            let pace = limits.monthlyPace(backfilled: backfilled(at: wall)).wholeMicroseconds
            let believed = min(evenPace ?? wall, Self.furthest(at: wall, pace: pace, limits: limits))
            next.evenPace = EventTime(microseconds: max(believed, wall).microseconds + pace)
        case .backfill: next.days[index].backfills += 1
        }
        return next
    }

    /// The seconds that count as the last minute.
    private func open(at wall: EventTime) -> [Second] {
        seconds.filter { Self.minute(after: $0.last) > wall }
    }

    /// The latest even pace that is believed: one that a round of another process may have brought about, and not one of a
    /// clock that was years ahead.
    private static func furthest(at wall: EventTime, pace: Int64, limits: CallLimits) -> EventTime {
        EventTime(microseconds: wall.microseconds + max(dayLength, pace * Int64(limits.burst)))
    }

    private static func minute(after time: EventTime) -> EventTime {
        EventTime(microseconds: time.microseconds + 60_000_000)
    }

    private static func day(of time: EventTime) -> Int64 {
        time.unixSeconds / 86_400
    }

    /// Whether it is one of the 31 days that end today. One that is to come was counted by a clock that was ahead.
    private static func isRecent(_ day: Day, at wall: EventTime) -> Bool {
        day.number > Self.day(of: wall) - 31
    }
}
