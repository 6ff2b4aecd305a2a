import Shared

/// Rebuilds the windows of a partition from its changelog: feed it the records in their order, then take the windows.
///
/// Records of one key replace each other, so it doesn't matter how much of the changelog has been compacted. Panes are
/// only collected until the end has come, because it is the position that says which of them are of use.
struct StateRestore: Sendable {
    /// A pane as the changelog has it.
    struct HeldPane: Sendable {
        var pane: Pane
        /// By window, in the order of the position's windows.
        var revisions: [UInt32]
        /// The offset of its record.
        var offset: Int64
    }

    /// What came out.
    struct Outcome: Sendable {
        /// The windows as they were.
        var windows: PartitionWindows
        /// Whether there was a position to go on from; without one the windows have seen nothing.
        var foundPosition: Bool
        /// The records that could not be used.
        var faults: StateFaults
    }

    private let partition: Int32
    private let fresh: PartitionWindows
    private var windows: PartitionWindows
    private var position: PositionState?
    /// By coin, in the order of their numbers.
    private var held = ContiguousArray<ContiguousArray<HeldPane>>()
    private var faults = StateFaults()

    /// Starts with nothing.
    /// - Parameters:
    ///   - windows: windows that have seen nothing, with the rules that are in force.
    ///   - partition: for messages.
    init(into windows: PartitionWindows, partition: Int32 = 0) {
        self.windows = windows
        self.partition = partition
        fresh = windows
    }

    /// Takes the next record of the changelog; one that can't be used is noted and passed over.
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

    /// The windows as they were.
    /// - Parameter instant: the monotonic clock now, in microseconds: a quiet partition's watermark goes on from here.
    /// - Throws: ``StateError`` when there is a position and it can't be used, or nearly nothing can.
    func finish(at instant: Int64) throws(StateError) -> Outcome {
        if let fault = faults.values[.position] { throw StateError(partition: partition, fault: fault) }
        if faults.isFull, var fault = faults.values.values.min(by: { $0.offset < $1.offset }) {
            fault.reason += " (and so are more than \(StateFaults.limit) others)"
            throw StateError(partition: partition, fault: fault)
        }
        guard let position else { return startAnew() }
        var (windows, faults) = (self.windows, self.faults)
        windows.resume(position, held: held, faults: &faults, at: instant)
        windows.changes.orphans.formUnion(faults.values.keys)
        return Outcome(windows: windows, foundPosition: true, faults: faults)
    }

    /// There is no position: what else the changelog holds is of an earlier life, and goes.
    private func startAnew() -> Outcome {
        var windows = fresh
        windows.changes.orphans = self.windows.changes.orphans.union(faults.values.keys)
        for (coin, key) in self.windows.coins.keys.enumerated() where self.windows.states[coin].isRegistered {
            if self.windows.states[coin].isStored { windows.changes.orphans.insert(.coin(key)) }
            for rule in self.windows.alerts.storedRules(of: coin) {
                windows.changes.orphans.insert(.alert(ruleID: rule, key))
            }
            guard coin < held.count else { continue }
            for held in held[coin] {
                windows.changes.orphans.insert(.pane(key, start: windows.plan.start(of: held.pane.index)))
            }
        }
        return Outcome(windows: windows, foundPosition: false, faults: faults)
    }

    // MARK: - Records

    private mutating func known(_ key: CoinKey) -> Int {
        let number =
            windows.coins.find(key)
            ?? windows.register(coin: key.coinID.utf8.span, currency: key.vsCurrency.utf8.span)
        while held.count <= number { held.append([]) }
        return number
    }

    private mutating func hold(_ state: PaneState, of key: CoinKey, start: EventTime, offset: Int64) {
        let index = windows.plan.pane(at: start)
        guard windows.plan.start(of: index) == start else {
            windows.changes.orphans.insert(.pane(key, start: start))
            return
        }
        let coin = known(key)
        let held = HeldPane(pane: Pane(index: index, state), revisions: state.revisions, offset: offset)
        let place = place(of: index, in: coin)
        if place < self.held[coin].count, self.held[coin][place].pane.index == index {
            self.held[coin][place] = held
        } else {
            self.held[coin].insert(held, at: place)
        }
    }

    private mutating func drop(paneOf key: CoinKey, start: EventTime) {
        windows.changes.orphans.remove(.pane(key, start: start))
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
        let coin = known(key)
        windows.states[coin].isStored = true
        windows.states[coin].lastEventTime = record.lastEventTime?.microseconds ?? .min
        windows.states[coin].completeFrom = record.completeFrom?.microseconds ?? .min
        windows.states[coin].carried = nil
        if let close = record.close, let time = record.closeTime {
            windows.states[coin].carried = CoinState.Carried(
                price: close.units,
                volume: record.volume?.units,
                time: time.microseconds
            )
        }
    }

    private mutating func forget(_ key: CoinKey) {
        guard let coin = windows.coins.find(key) else { return }
        windows.states[coin] = CoinState()
        releaseIfBlank(coin)
    }

    private mutating func restore(_ state: AlertState, rule: String, of key: CoinKey) {
        guard windows.alerts.hasRule(rule, for: key) else { return windows.alerts.drop(.alert(ruleID: rule, key)) }
        windows.alerts.restore(state, rule: rule, of: known(key), key: key)
    }

    private mutating func forgetAlert(rule: String, of key: CoinKey) {
        let coin = windows.coins.find(key)
        windows.alerts.forget(rule: rule, of: coin, key: key)
        if let coin { releaseIfBlank(coin) }
    }

    /// Gives a coin's number back when nothing is left of it: over the life of a topic many coins come and go.
    private mutating func releaseIfBlank(_ coin: Int) {
        guard held[coin].isEmpty, !windows.states[coin].isStored, !windows.alerts.remembers(coin) else { return }
        windows.release(coin)
        held[coin] = []
    }
}
