import Shared

/// Rebuilds a partition from its changelog: feed it the records in their order, then take the partition.
///
/// Records of one key replace each other, so it doesn't matter how much of the changelog has been compacted. Panes are
/// only collected until the end has come, because it is the position that says which of them are of use.
struct StateRestore: Sendable {
    /// A pane as the changelog has it.
    struct HeldPane: Sendable {
        var pane: Pane
        /// What most panes don't have, out of the way: hundreds of thousands may be held.
        var extras: Extras?
        /// The offset of its record.
        var offset: Int64

        /// What most panes don't have.
        final class Extras: Sendable {
            /// By window, in the order of the position's windows.
            let revisions: [UInt32]
            let trades: TradeSums?

            init(revisions: [UInt32], trades: TradeSums?) {
                self.revisions = revisions
                self.trades = trades
            }
        }

        init(index: Int64, _ state: PaneState, offset: Int64) {
            pane = Pane(index: index, state)
            let trades = state.trades.map { TradeSums(index: index, $0) }
            if !state.revisions.isEmpty || trades != nil { extras = Extras(revisions: state.revisions, trades: trades) }
            self.offset = offset
        }
    }

    /// What came out.
    struct Outcome: Sendable {
        /// The partition as it was.
        var partition: Partition
        /// Whether there was a position to go on from; without one the partition has seen nothing.
        var foundPosition: Bool
        /// The records that could not be used.
        var faults: StateFaults
    }

    private let number: Int32
    private let memory: CoinMemory
    private let rules: [AlertRule]
    private var windows: PartitionWindows
    private var alerts: AlertBoard
    private var position: PositionState?
    /// By coin, in the order of their numbers.
    private var held = ContiguousArray<ContiguousArray<HeldPane>>()
    /// Keys that have no place any more.
    private var orphans: Set<StateKey> = []
    private var faults = StateFaults()

    /// Starts with nothing.
    /// - Parameters:
    ///   - partition: its number, for messages.
    ///   - memory: what coins may take.
    ///   - rules: those that are in force.
    init(plan: WindowPlan, memory: CoinMemory = .unlimited, rules: [AlertRule] = [], partition: Int32 = 0) {
        number = partition
        self.memory = memory
        self.rules = rules
        windows = PartitionWindows(plan: plan, memory: memory)
        alerts = AlertBoard(rules, plan: plan)
    }

    /// Takes the next record of the changelog; one that can't be used is noted and skipped.
    mutating func apply(key: Span<UInt8>?, value: Span<UInt8>?, offset: Int64) {
        guard let bytes = key, let key = StateKey(utf8: bytes) else {
            let text = key?.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } ?? ""
            faults.addUnknownKey(StateFault(offset: offset, key: text, reason: "an unknown key"))
            return
        }
        do throws(JSONError) {
            var state: StateValue?
            if let value { state = try StateValue(json: value, for: key) }
            faults.remove(key)
            apply(key, state, offset: offset)
        } catch {
            faults.add(StateFault(offset: offset, key: key.description, reason: error.description), of: key)
            apply(key, nil, offset: offset)
        }
    }

    /// Takes the next record of the changelog.
    mutating func apply(_ key: StateKey, _ value: StateValue?, offset: Int64 = 0) {
        switch (key, value) {
        case (.position, .position(let state)): position = state
        case (.position, _): position = nil
        case (.pane(let coin, let start), .pane(let state)): hold(state, of: coin, start: start, offset: offset)
        case (.pane(let coin, let start), _): drop(paneOf: coin, start: start)
        case (.coin(let coin), .coin(let record)): restore(record, of: coin)
        case (.coin(let coin), _): forget(coin)
        case (.alert(let rule, let coin), .alert(let state)): restore(state, rule: rule, of: coin)
        case (.alert(let rule, let coin), _): forgetAlert(rule: rule, of: coin)
        }
    }

    /// The partition as it was.
    /// - Parameter instant: the monotonic clock now, in microseconds: a quiet partition's watermark goes on from here.
    /// - Throws: ``StateError`` when there is a position and it can't be used, or nearly nothing can.
    func finish(at instant: Int64) throws(StateError) -> Outcome {
        if let fault = faults.values[.position] { throw StateError(partition: number, fault: fault) }
        if faults.isFull, var fault = faults.values.values.min(by: { $0.offset < $1.offset }) {
            fault.reason += " (and so are more than \(StateFaults.limit) others)"
            throw StateError(partition: number, fault: fault)
        }
        guard let position else { return startAnew() }
        var (windows, orphans, faults) = (self.windows, self.orphans, self.faults)
        windows.resume(position, held: held, orphans: &orphans, faults: &faults, at: instant)
        orphans.formUnion(faults.values.keys)
        let read = Position(nextOffset: position.nextOffset, reportedRules: position.reportedRules)
        let partition = Partition(windows, alerts, at: read, orphans: orphans)
        return Outcome(partition: partition, foundPosition: true, faults: faults)
    }

    /// There is no position: what else the changelog holds is of an earlier life, and goes.
    private func startAnew() -> Outcome {
        var orphans = orphans.union(faults.values.keys)
        for coin in windows.coinNumbers {
            let key = windows.coins.keys[coin]
            if windows.isStored(coin) { orphans.insert(.coin(key)) }
            for rule in alerts.storedRules(of: coin) { orphans.insert(.alert(ruleID: rule, key)) }
            for held in held[coin] { orphans.insert(.pane(key, start: windows.plan.start(of: held.pane.index))) }
        }
        let partition = Partition(
            PartitionWindows(plan: windows.plan, memory: memory),
            AlertBoard(rules, plan: windows.plan),
            at: Position(),
            orphans: orphans
        )
        return Outcome(partition: partition, foundPosition: false, faults: faults)
    }

    // MARK: - Records

    private mutating func known(_ key: CoinKey) -> Int {
        if let coin = windows.coins.find(key) { return coin }
        let coin = windows.register(coin: key.coinID.utf8.span, currency: key.vsCurrency.utf8.span)
        alerts.addCoin(key, number: coin)
        if coin == held.count { held.append([]) }
        return coin
    }

    private mutating func hold(_ state: PaneState, of key: CoinKey, start: EventTime, offset: Int64) {
        let index = windows.plan.pane(at: start)
        guard windows.plan.start(of: index) == start else {
            orphans.insert(.pane(key, start: start))
            return
        }
        let coin = known(key)
        let held = HeldPane(index: index, state, offset: offset)
        let place = place(of: index, in: coin)
        if place < self.held[coin].count, self.held[coin][place].pane.index == index {
            self.held[coin][place] = held
        } else {
            self.held[coin].insert(held, at: place)
        }
    }

    private mutating func drop(paneOf key: CoinKey, start: EventTime) {
        orphans.remove(.pane(key, start: start))
        let index = windows.plan.pane(at: start)
        guard windows.plan.start(of: index) == start, let coin = windows.coins.find(key) else { return }
        let place = place(of: index, in: coin)
        guard place < held[coin].count, held[coin][place].pane.index == index else { return }
        held[coin].remove(at: place)
        releaseIfBlank(coin)
    }

    /// Where a pane is or belongs; mostly at the end.
    private func place(of index: Int64, in coin: Int) -> Int {
        var (low, high) = (0, held[coin].count)
        if let last = held[coin].last, last.pane.index < index { return high }
        while low < high {
            let middle = (low + high) / 2
            if held[coin][middle].pane.index < index { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func restore(_ record: CoinRecord, of key: CoinKey) {
        windows.restore(record, of: known(key))
    }

    private mutating func forget(_ key: CoinKey) {
        guard let coin = windows.coins.find(key) else { return }
        windows.forgetRecord(of: coin)
        releaseIfBlank(coin)
    }

    private mutating func restore(_ state: AlertState, rule: String, of key: CoinKey) {
        guard alerts.hasRule(rule, for: key) else { return orphan(.alert(ruleID: rule, key)) }
        alerts.restore(state, rule: rule, of: known(key), key: key)
    }

    private mutating func forgetAlert(rule: String, of key: CoinKey) {
        let coin = windows.coins.find(key)
        orphans.remove(.alert(ruleID: rule, key))
        alerts.forget(rule: rule, of: coin, key: key)
        if let coin { releaseIfBlank(coin) }
    }

    private mutating func orphan(_ key: StateKey) {
        orphans.insert(key)
    }

    /// Gives a coin's number back when nothing is left of it: over the life of a topic many coins come and go.
    private mutating func releaseIfBlank(_ coin: Int) {
        guard held[coin].isEmpty, !windows.isStored(coin), !alerts.remembers(coin) else { return }
        alerts.removeCoin(coin)
        windows.release(coin)
        held[coin] = []
    }
}
