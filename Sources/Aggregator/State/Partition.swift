import Shared

/// All that is decided about one input partition: its windows, the alert rules that watch them, and how far it was read.
///
/// Ticks and clock readings go in; results, alerts and changed state come out. It is a value with no I/O and no clock of
/// its own: the same ticks, readings and rules always give the same.
public struct Partition: Sendable {
    /// How far the input and the rules were read: the reader moves it past every record, whatever became of it.
    public var position = Position()
    /// The windows of its coins.
    private(set) var windows: PartitionWindows
    private var alerts: AlertBoard
    /// Keys of the changelog that have no place any more.
    private var orphans: Set<StateKey> = []

    /// A partition of which nothing has been seen.
    /// - Parameters:
    ///   - memory: what coins may take.
    ///   - rules: those that can't be used are left out.
    public init(plan: WindowPlan, memory: CoinMemory = .unlimited, rules: [AlertRule] = []) {
        windows = PartitionWindows(plan: plan, memory: memory)
        alerts = AlertBoard(rules, plan: plan)
    }

    /// A partition as its changelog has it.
    /// - Parameter orphans: keys of the changelog that have no place any more.
    init(_ windows: PartitionWindows, _ alerts: AlertBoard, at position: Position, orphans: Set<StateKey>) {
        self.windows = windows
        self.alerts = alerts
        self.position = position
        self.orphans = orphans
    }

    /// What the windows look like.
    public var plan: WindowPlan { windows.plan }

    /// How far event time has come; nil before the first tick.
    public var watermark: EventTime? { windows.watermark.value }

    /// The bytes that its coins take: roughly, but never less than half.
    public var byteCount: Int { windows.byteCount + alerts.byteCount }

    /// A close pauses after this many coins and results.
    var closeLimit: Int {
        get { windows.closeLimit }
        set { windows.closeLimit = newValue }
    }

    // MARK: - Input

    /// Takes a tick.
    /// - Parameters:
    ///   - tick: its price, volume and time.
    ///   - coin: UTF-8 of the coin's id.
    ///   - currency: UTF-8 of the currency.
    ///   - clock: the clocks now.
    ///   - isForOthers: whether it was put back for other services, and counted here at its first place; asked of few.
    ///   - output: gets the results and alerts that come of it.
    /// - Returns: what became of the tick.
    public mutating func process(
        _ tick: WindowTick,
        coin: Span<UInt8>,
        currency: Span<UInt8>,
        clock: ClockReading,
        isForOthers: () -> Bool = { false },
        into output: inout WindowOutput
    ) -> TickDecision {
        let before = output.results.count
        let outcome = windows.process(
            tick,
            coin: coin,
            currency: currency,
            clock: clock,
            bytesElsewhere: alerts.byteCount,
            isForOthers: isForOthers,
            into: &output
        )
        if let number = outcome.newCoin { addCoin(number) }
        if !alerts.isIdle { watch(tick, outcome, from: before, into: &output) }
        return outcome.decision
    }

    /// The partition is quiet: everything in it has been read. Its watermark follows the clock, and windows close.
    /// - Parameters:
    ///   - clock: the clocks now.
    ///   - output: gets the results and alerts that come of it.
    /// - Returns: false when there is more to close than one transaction should hold: what came of it so far can be
    ///   committed, and then this has to be called again.
    public mutating func advance(to clock: ClockReading, into output: inout WindowOutput) -> Bool {
        let before = output.results.count
        let isDone = windows.advance(to: clock, into: &output)
        if !alerts.isIdle { watchWindows(from: before, in: &output) }
        return isDone
    }

    /// Emits the windows that hold ticks and are still open, marked partial: the end of a replay. No rule looks at them.
    /// - Returns: false when there is more than one transaction should hold: see ``advance(to:into:)``.
    public mutating func flush(into output: inout WindowOutput) -> Bool {
        windows.flush(into: &output)
    }

    /// Records before the next tick are missing: windows that start before it are marked partial.
    public mutating func missedRecords() {
        windows.missedRecords()
    }

    /// A result as the message that goes out.
    public func aggregate(of result: WindowResult) -> PriceAggregate {
        windows.aggregate(of: result)
    }

    // MARK: - Rules

    /// Adds a rule, or replaces the one with its id.
    /// - Returns: nil, or why the rule can't be used; then nothing has changed.
    public mutating func setRule(_ rule: AlertRule) -> AlertRuleProblem? {
        if let problem = AlertRuleProblem(rule, plan: plan) { return problem }
        alerts.set(rule, coins: windows.coins.keys)
        return nil
    }

    /// Removes a rule and what it knew.
    public mutating func removeRule(_ ruleID: String) {
        alerts.remove(ruleID, coins: windows.coins.keys)
    }

    /// Out of line, as ``watch(_:_:from:into:)`` is: most ticks need neither, and their code would be in the way.
    @inline(never)
    private mutating func addCoin(_ number: Int) {
        alerts.addCoin(windows.coins.keys[number], number: number)
    }

    /// Lets the rules look at what a tick brought: first the windows that it closed, then its price.
    @inline(never)
    private mutating func watch(
        _ tick: WindowTick,
        _ outcome: TickOutcome,
        from first: Int,
        into output: inout WindowOutput
    ) {
        watchWindows(from: first, in: &output)
        if let number = outcome.coin, alerts.isWatched(number) { watchPrice(tick, number, outcome, into: &output) }
    }

    /// Lets the rules look at windows that were closed in time. A late tick's revision fires nothing.
    private mutating func watchWindows(from first: Int, in output: inout WindowOutput) {
        for index in first..<output.results.count {
            guard alerts.isWatched(output.results[index].coin) else { continue }
            let result = output.results[index]
            if result.isRevision || result.isSynthetic { continue }
            alerts.windowClosed(
                of: result.coin,
                windows.coins.keys[result.coin],
                window: plan.windows[result.window],
                summary: result.summary,
                at: plan.start(of: result.end),
                into: &output
            )
        }
    }

    /// Lets the rules look at a coin's newest price.
    private mutating func watchPrice(
        _ tick: WindowTick,
        _ coin: Int,
        _ outcome: TickOutcome,
        into output: inout WindowOutput
    ) {
        let time = tick.time.microseconds
        guard time >= outcome.lastEventTime else { return }
        if outcome.lastEventTime < time - plan.silenceLimit { alerts.startAnew(coin) }
        alerts.priceMoved(of: coin, windows.coins.keys[coin], to: tick.price, at: tick.time, into: &output)
    }

    // MARK: - State that outlives the process

    /// Whether anything but the position changed since the last drain.
    public var hasChanges: Bool {
        !orphans.isEmpty || windows.hasChanges || alerts.hasChanges
    }

    /// Hands over every record of the changelog that has changed since the last drain, the position last; nil removes a
    /// record. Coins that nothing needs any more are forgotten.
    public mutating func drainChanges(_ write: (StateKey, StateValue?) throws -> Void) rethrows {
        for key in orphans { try write(key, nil) }
        try windows.drainPanes(write)
        try windows.drainCoins(isRemembered: alerts.remembers, write)
        try alerts.drainChanges(coins: windows.coins.keys, write)
        for coin in windows.leaving where windows.canLeave(coin, isRemembered: alerts.remembers(coin)) {
            let key = windows.coins.keys[coin]
            if windows.isStored(coin) { try write(.coin(key), nil) }
            for rule in alerts.storedRules(of: coin) { try write(.alert(ruleID: rule, key), nil) }
            alerts.removeCoin(coin)
            windows.release(coin)
        }
        orphans.removeAll()
        windows.forgetChanges()
        try write(.position, .position(windows.state(at: position)))
    }
}
