import Shared

/// The trades of one product in the order of their ids, each once: what may be sent now, and what is missing. A pure value;
/// times are of a clock that never goes back.
///
/// Ids rise by one, so a trade whose id is more than one above the last is held until those between have come: from the
/// feed itself, where trades may change places for a moment, or from the exchange's history.
struct ProductTrades: Sendable {
    /// How long something may be missing before history is asked.
    static let reorderDelay: Duration = .milliseconds(300)
    /// The feed has gone on below a trade when it is so much further in time.
    static let disbeliefDelay: Duration = .seconds(1)
    /// So many trades in a row with ids below the last and times behind it: the exchange counts anew.
    static let believedRestart = 10

    /// What happened to a trade.
    enum Taken: Sendable, Hashable {
        /// It can be sent, and what was held behind it.
        case ready
        /// It was sent before, or is held already.
        case duplicate
        /// Trades before it are missing.
        case held
        /// Its id is below the last one's although its time is later; it may be the first of a new count.
        case stray
        /// The exchange has begun to count anew: this one and the strays before it can be sent.
        case restarted
    }

    /// Trades that were never got.
    struct Hole: Sendable, Hashable {
        /// The first missing id.
        var firstID: Int64
        /// How many ids are missing.
        var count: Int64
    }

    /// What became of a hole that nobody could fill.
    enum GivenUp: Sendable, Hashable {
        /// What lay behind it goes on.
        case hole(Hole)
        /// The feed went on below the trade behind it all the time: its id is not believed, and it is dropped.
        case disbelieved(Trade)
    }

    /// The last trade that was handed on; nil before the first.
    private(set) var position: TradePosition?
    /// Trades that wait for those before them, in rising order, each id once.
    private var held: [Trade] = []
    private var strays: [Trade] = []
    /// The newest id that the exchange spoke of.
    private var newestKnown = Int64.min
    /// Since when the first hole stands, or since history last filled a part of it.
    private var missingSince: Duration?

    /// A product whose trades go on behind a position.
    init(position: TradePosition? = nil) {
        self.position = position
    }

    /// How many trades wait.
    var heldCount: Int { held.count }

    /// Since when nothing has come of what is missing; nil while nothing is missing.
    var stuckSince: Duration? { missingSince }

    /// Takes a trade of the feed.
    /// - Parameters:
    ///   - trade: the trade; its id is not negative.
    ///   - now: the time it came.
    ///   - ready: trades that can be sent now are appended, in order.
    mutating func take(_ trade: Trade, at now: Duration, into ready: inout [Trade]) -> Taken {
        guard let last = position else {
            // The first trade ever: nobody can know what came before it.
            hand(trade, to: &ready)
            return .ready
        }
        if trade.id <= last.id { return takeEarlier(trade, than: last, into: &ready) }
        strays = []
        newestKnown = max(newestKnown, trade.id)
        if trade.id - 1 == last.id {
            hand(trade, to: &ready)
            release(into: &ready)
            settle(at: now)
            return .ready
        }
        let place = held.firstPlace { $0.id >= trade.id }
        if place < held.count, held[place].id == trade.id { return .duplicate }
        held.insert(trade, at: place)
        // A new first hole.
        if place == 0 || missingSince == nil { begin(at: now) }
        return .held
    }

    /// The exchange says which trade is its newest (Coinbase's heartbeat).
    mutating func newest(id: Int64, at now: Duration) {
        newestKnown = max(newestKnown, id)
        if let last = position?.id, newestKnown > last, missingSince == nil { begin(at: now) }
    }

    /// Takes a page of history that begins right behind ``position``.
    /// - Parameters:
    ///   - page: trades in rising order; those that were sent already are passed over.
    ///   - now: the time it came.
    ///   - ready: trades that can be sent now are appended, in order.
    ///   - holes: ids that the history lacks, before trades that it has, are appended.
    /// - Returns: how many trades of the page were missing.
    mutating func takeHistory(
        _ page: [Trade],
        at now: Duration,
        into ready: inout [Trade],
        holes: inout [Hole]
    ) -> Int {
        var filled = 0
        for trade in page {
            guard let last = position?.id else { break }
            if trade.id <= last { continue }
            if trade.id - 1 != last { holes.append(Hole(firstID: last + 1, count: trade.id - 1 - last)) }
            hand(trade, to: &ready)
            release(into: &ready)
            filled += 1
        }
        guard filled > 0 else { return 0 }
        begin(at: now)
        settle(at: now)
        return filled
    }

    /// Gives the first hole up.
    /// - Parameters:
    ///   - now: the time.
    ///   - ready: trades that can be sent now are appended, in order.
    /// - Returns: what became of it; nil when nothing was missing.
    mutating func giveUp(at now: Duration, into ready: inout [Trade]) -> GivenUp? {
        guard missingSince != nil, let last = position else { return nil }
        begin(at: now)
        guard let next = held.first else {
            // Only a heartbeat told of them.
            guard newestKnown > last.id else { return nil }
            let hole = Hole(firstID: last.id + 1, count: newestKnown - last.id)
            position = TradePosition(id: newestKnown, time: last.time)
            missingSince = nil
            return .hole(hole)
        }
        if last.time.microseconds - next.time.microseconds > Self.disbeliefDelay.wholeMicroseconds {
            held.removeFirst()
            newestKnown = max(last.id, held.last?.id ?? last.id)
            settle(at: now)
            return .disbelieved(next)
        }
        let hole = Hole(firstID: last.id + 1, count: next.id - 1 - last.id)
        position = TradePosition(id: next.id - 1, time: last.time)
        release(into: &ready)
        settle(at: now)
        return .hole(hole)
    }

    private mutating func takeEarlier(_ trade: Trade, than last: TradePosition, into ready: inout [Trade]) -> Taken {
        // What is told again was handed on at its time; a count that begins anew goes on in time.
        guard trade.time > last.time, trade.id > strays.last?.id ?? .min else { return .duplicate }
        strays.append(trade)
        guard strays.count >= Self.believedRestart else { return .stray }
        let anew = strays
        self = ProductTrades()
        for stray in anew { hand(stray, to: &ready) }
        return .restarted
    }

    private mutating func hand(_ trade: Trade, to ready: inout [Trade]) {
        // A clock of the exchange that goes back doesn't take the position back: history is asked from there.
        position = TradePosition(id: trade.id, time: max(trade.time, position?.time ?? trade.time))
        newestKnown = max(newestKnown, trade.id)
        ready.append(trade)
    }

    /// Hands on what is held and follows the position; drops what the position has passed.
    private mutating func release(into ready: inout [Trade]) {
        var count = 0
        for trade in held {
            guard let last = position?.id, trade.id - 1 <= last else { break }
            if trade.id > last { hand(trade, to: &ready) }
            count += 1
        }
        if count > 0 {
            held.removeFirst(count)
            missingSince = nil
        }
    }

    /// A hole stands since now.
    private mutating func begin(at now: Duration) {
        missingSince = now
    }

    /// Notes whether something is still missing.
    private mutating func settle(at now: Duration) {
        guard let last = position?.id, newestKnown > last else {
            missingSince = nil
            return
        }
        if missingSince == nil { begin(at: now) }
    }
}

extension Array {
    /// The first place whose element and all behind it fulfil the condition.
    fileprivate func firstPlace(where isBehind: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
