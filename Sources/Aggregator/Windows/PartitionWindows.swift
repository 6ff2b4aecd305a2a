import Shared

/// The windows of one input partition: ticks and clock readings go in, results and changed state come out.
///
/// A tick is looked up by the bytes of its coin, touches one pane, and allocates nothing while its coin has panes.
struct PartitionWindows: Sendable {
    /// What the windows look like.
    let plan: WindowPlan
    /// How far event time has come.
    var watermark: Watermark

    var coins = CoinTable()
    var states = ContiguousArray<CoinState>()
    /// The panes of each coin; empty while it has none.
    var rings = ContiguousArray<PaneRing>()
    /// The coins that a boundary looks at.
    var active = ContiguousArray<Int>()
    /// The last boundary whose windows were closed.
    var closedThrough = Int64.min
    /// The instant of the boundary after it, in microseconds.
    var nextBoundary = Int64.min
    /// At the boundary that is being closed: how many of the active coins have been looked at, and stay active.
    var closedCoins = 0
    /// A close pauses after this many coins and results, so that the transaction can end there.
    var closeLimit = usualCloseLimit
    /// What ``closeLimit`` is but in tests.
    static let usualCloseLimit = 20_000
    /// Windows that start before this may lack ticks; nil until a tick sets it.
    var completeFrom: EventTime?
    /// Trades before this may not have been counted as such, because a version took them in that knew no sizes; nil until a
    /// tick sets it.
    var tradesFrom: EventTime?
    /// The largest event time of a tick that found no room, in microseconds.
    var refusedThrough = Int64.min
    /// Panes before this one were given up under other settings: no tick may begin them anew.
    var firstKept = Int64.min
    /// How often windows were emitted again: only those that were.
    var revisions: [RevisionKey: UInt32] = [:]
    /// What changed since the last drain.
    var changes = StateChanges()
    /// The boundary at which coins are looked for that have been silent for so long that their rules forget them.
    var nextSweep = Int64.min
    let memory: CoinMemory
    /// How many coins have a ring.
    var ringCount = 0
    /// How many of them have room for trades.
    var tradeRingCount = 0
    /// How many slots a ring has.
    var ringLength: Int
    /// The pane the last tick fell into: most ticks fall into the same, which saves two divisions.
    private var recent = (pane: Int64.min, start: Int64.max, end: Int64.min, slot: 0)

    /// A window of a coin.
    struct RevisionKey: Hashable, Sendable {
        var coin: Int
        var window: Int
        var end: Int64
    }

    /// Windows that have seen nothing.
    /// - Parameter memory: what coins may take.
    init(plan: WindowPlan, memory: CoinMemory = .unlimited) {
        self.plan = plan
        self.memory = memory
        ringLength = plan.ringLength
        watermark = Watermark(outOfOrderness: plan.outOfOrderness)
    }

    /// Takes a tick.
    /// - Parameters:
    ///   - tick: its price, volume and time.
    ///   - coin: UTF-8 of the coin's id.
    ///   - currency: UTF-8 of the currency.
    ///   - clock: the clocks now.
    ///   - bytesElsewhere: what is taken elsewhere of the memory for coins.
    ///   - isForOthers: whether it was put back for other services, and counted here at its first place. Asked only where
    ///     that can be: not of a tick that is newer than all of its coin, which is no tick that was counted before.
    ///   - output: gets the results that come of it.
    mutating func process(
        _ tick: WindowTick,
        coin: Span<UInt8>,
        currency: Span<UInt8>,
        clock: ClockReading,
        bytesElsewhere: Int,
        isForOthers: () -> Bool,
        into output: inout WindowOutput
    ) -> TickOutcome {
        let time = tick.time.microseconds
        let ahead = time - clock.wall.microseconds
        if ahead > plan.futureLimit { return TickOutcome(.future(ahead: ahead)) }
        if tick.time < WindowPlan.earliestTick { return TickOutcome(.outOfRange) }
        locate(tick.time)
        // Too late: the watermark is past the end of the tick's pane and the allowed lateness, or the pane was given up when
        // the settings changed.
        if let mark = watermark.value {
            let lateBy = mark.microseconds - (recent.end + plan.allowedLateness)
            if lateBy >= 0 || recent.pane < firstKept {
                let start = EventTime(microseconds: recent.start)
                return TickOutcome(.late(LateTick(by: max(0, lateBy), watermark: mark, windowStart: start)))
            }
        }
        let known = coins.find(coin: coin, currency: currency)
        if let known, tick.isSnapshot, states[known].lastEventTime == time { return TickOutcome(.unchanged) }
        if !isNews(tick, of: known), isForOthers() { return TickOutcome(.unchanged) }
        // The windows that this tick closes never contain it, so the order doesn't show; but the ring has room for
        // the tick's pane only after the panes behind the new watermark have gone.
        watermark.observe(tick.time, at: clock.monotonic)
        guard closeWindows(into: &output) else { return TickOutcome(.closing) }
        // The first tick may be a late one: what starts before the newest event time may lack what came before it.
        if completeFrom == nil {
            completeFrom = watermark.largestEventTime
            if tradesFrom == nil { tradesFrom = completeFrom }
        }
        var outcome = TickOutcome(.accepted)
        let number: Int
        if let known, !rings[known].isEmpty {
            number = known
            if tick.size != nil, !rings[known].hasTrades {
                let room = memory.limit - min(memory.limit, bytesElsewhere)
                guard admitTrades(of: known, at: time, room: room) else { return TickOutcome(.noRoom) }
            }
        } else {
            let room = memory.limit - min(memory.limit, bytesElsewhere)
            let isTrade = tick.size != nil
            guard let admitted = admit(known, coin: coin, currency: currency, at: time, isTrade: isTrade, room: room)
            else { return TickOutcome(.noRoom) }
            number = admitted
            if known == nil { outcome.newCoin = number }
        }
        guard add(tick, to: number) else {
            outcome.decision = .outOfRange
            return outcome
        }
        outcome.coin = number
        outcome.lastEventTime = states[number].lastEventTime
        if time > outcome.lastEventTime { states[number].lastEventTime = time }
        if recent.pane >= closedThrough { return outcome }
        revise(number, pane: recent.pane, by: time, isTrade: tick.size != nil, into: &output)
        outcome.decision = .revised
        return outcome
    }

    /// The partition is quiet: everything in it has been read. Its watermark follows the clock, and windows close.
    /// - Parameters:
    ///   - clock: the clocks now.
    ///   - output: gets the results that come of it.
    /// - Returns: false when the close paused, and has to be gone on with.
    mutating func advance(to clock: ClockReading, into output: inout WindowOutput) -> Bool {
        watermark.advance(to: clock.monotonic)
        return closeWindows(into: &output)
    }

    /// Records before the next tick are missing: windows that start before it are marked partial.
    mutating func missedRecords() {
        completeFrom = nil
    }

    /// A result as the message that goes out.
    func aggregate(of result: WindowResult) -> PriceAggregate {
        let spec = plan.windows[result.window]
        let end = plan.start(of: result.end)
        let summary = result.summary
        precondition(summary.low <= min(summary.open, summary.close), "a low above open or close")
        precondition(summary.high >= max(summary.open, summary.close), "a high below open or close")
        precondition(result.isSynthetic == (summary.count == 0), "only a synthetic window is empty")
        return PriceAggregate(
            coinID: coins.keys[result.coin].coinID,
            vsCurrency: coins.keys[result.coin].vsCurrency,
            window: spec.kind,
            windowStart: EventTime(microseconds: end.microseconds - spec.size),
            windowEnd: end,
            open: Price(units: summary.open),
            high: Price(units: summary.high),
            low: Price(units: summary.low),
            close: Price(units: summary.close),
            average: summary.average ?? Price(units: summary.close),
            sampleCount: Int(summary.count),
            tradeCount: result.trades.map { Int($0.count) },
            volume: result.trades?.volume,
            quoteVolume: result.trades?.quoteVolume,
            vwap: result.trades?.averagePrice,
            totalVolume: summary.hasVolume ? Price(units: summary.volume) : nil,
            firstTickAt: result.isSynthetic ? nil : EventTime(microseconds: summary.firstTime),
            lastTickAt: result.isSynthetic ? nil : EventTime(microseconds: summary.lastTime),
            revision: Int(result.revision),
            synthetic: result.isSynthetic,
            partial: result.isPartial
        )
    }

    // MARK: - Pieces

    /// Finds the pane of an instant.
    @inline(__always)
    private mutating func locate(_ time: EventTime) {
        if time.microseconds >= recent.start, time.microseconds < recent.end { return }
        let pane = plan.pane(at: time)
        let start = pane * plan.paneLength
        recent = (pane, start, start + plan.paneLength, -1)
    }

    /// Whether a tick, as nearly every one, goes on where its coin was: it is newer than all before it, and finds its place
    /// there. One that was counted or refused before is no such tick.
    @inline(__always)
    private func isNews(_ tick: WindowTick, of known: Int?) -> Bool {
        guard let known, states[known].lastEventTime < tick.time.microseconds, !rings[known].isEmpty else {
            return false
        }
        return tick.size == nil || rings[known].hasTrades
    }

    @inline(__always)
    private mutating func add(_ tick: WindowTick, to coin: Int) -> Bool {
        if recent.slot < 0 { recent.slot = rings[coin].slot(of: recent.pane) }
        // Apart, so that what holds a trade's sums costs a tick that is none nothing.
        if let size = tick.size { return addTrade(tick, size: size, to: coin) }
        return addPrice(tick, to: coin)
    }

    @inline(__always)
    private mutating func addPrice(_ tick: WindowTick, to coin: Int) -> Bool {
        let pane = recent.pane
        switch rings[coin].add(tick, to: pane, slot: recent.slot, limit: plan.sumLimit) {
        case .refused:
            if !states[coin].isActive { retire(coin) }
            return false
        case .firstChange: changes.panes.append(StateChanges.PaneChange(coin: coin, pane: pane))
        case .again: break
        }
        if pane > states[coin].newestPane { states[coin].newestPane = pane }
        if pane > states[coin].lastTouched { states[coin].lastTouched = pane }
        if !states[coin].isActive { activate(coin) }
        return true
    }

    @inline(never)
    private mutating func addTrade(_ tick: WindowTick, size: Price, to coin: Int) -> Bool {
        var sums = rings[coin].trades(in: recent.pane, slot: recent.slot) ?? TradeSums(index: recent.pane)
        guard sums.add(price: tick.price, size: size, limit: plan.sumLimit) else {
            if !states[coin].isActive { retire(coin) }
            return false
        }
        guard addPrice(tick, to: coin) else { return false }
        rings[coin].setTrades(sums, slot: recent.slot)
        return true
    }
}
