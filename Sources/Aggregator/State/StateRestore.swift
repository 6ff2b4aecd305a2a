import Shared

/// Rebuilds the windows of a partition from its changelog: feed it the records in their order, then take the windows.
///
/// Records of one key replace each other, so it doesn't matter how much of the changelog has been compacted.
public struct StateRestore: Sendable {
    private var windows: PartitionWindows
    private var position: PositionState?

    /// Starts with nothing.
    /// - Parameter windows: windows that have seen nothing, with the rules that are in force.
    public init(into windows: PartitionWindows) {
        self.windows = windows
    }

    /// Takes the next record of the changelog.
    public mutating func apply(_ key: StateKey, _ value: StateValue?) {
        switch (key, value) {
        case (.position, .position(let state)): position = state
        case (.pane(let coin, let start), .pane(let state)): windows.restorePane(state, of: coin, start: start)
        case (.pane(let coin, let start), nil): windows.forgetPane(of: coin, start: start)
        case (.coin(let coin), .coin(let record)): windows.restoreCoin(record, of: coin)
        case (.alert(let rule, let coin), .alert(let state)): windows.restoreAlert(state, rule: rule, of: coin)
        case (.alert(let rule, let coin), nil): windows.forgetAlert(rule: rule, of: coin)
        default: break  // a coin or a position is never removed, and a key never has another kind's value
        }
    }

    /// The windows as they were.
    /// - Parameter instant: the monotonic clock now, in microseconds: a quiet partition's watermark goes on from here.
    /// - Returns: the windows, and whether there was a position to go on from.
    public consuming func finish(at instant: Int64) -> (windows: PartitionWindows, foundPosition: Bool) {
        guard let position else { return (windows, false) }
        windows.resume(position, at: instant)
        return (windows, true)
    }
}

extension PartitionWindows {
    fileprivate mutating func known(_ key: CoinKey) -> Int {
        let number = coins.number(of: key)
        if number == states.count { register(number) }
        return number
    }

    fileprivate mutating func restorePane(_ state: PaneState, of key: CoinKey, start: EventTime) {
        let index = plan.pane(at: start)
        guard plan.start(of: index) == start else {
            changes.orphans.insert(.pane(key, start: start))
            return
        }
        let coin = known(key)
        if rings[coin].isEmpty { rings[coin] = PaneRing(plan: plan) }
        let slot = rings[coin].slot(of: index)
        let held = rings[coin][slot].index
        if held > index {
            changes.orphans.insert(.pane(key, start: start))
            return
        }
        if held != Pane.unused, held < index { changes.orphans.insert(.pane(key, start: plan.start(of: held))) }
        var pane = Pane(index: index)
        pane.count = state.count
        pane.emitted = state.emitted
        pane.standing = .stored
        pane.open = state.open.units
        pane.high = state.high.units
        pane.low = state.low.units
        pane.close = state.close.units
        pane.sum = state.sum.units
        pane.hasVolume = state.volume != nil
        pane.volume = state.volume?.units ?? 0
        pane.firstTime = state.firstTime.microseconds
        pane.lastTime = state.lastTime.microseconds
        for (window, revision) in state.revisions.enumerated() where revision > 0 {
            pane.standing.insert(.revised)
            revisions[RevisionKey(coin: coin, window: window, end: index + 1)] = revision
        }
        rings[coin][slot] = pane
    }

    fileprivate mutating func forgetPane(of key: CoinKey, start: EventTime) {
        changes.orphans.remove(.pane(key, start: start))
        let index = plan.pane(at: start)
        let coin = known(key)
        guard plan.start(of: index) == start, !rings[coin].isEmpty else { return }
        let slot = rings[coin].slot(of: index)
        guard rings[coin][slot].index == index else { return }
        rings[coin][slot] = Pane(index: Pane.unused)
        for window in plan.windows.indices {
            revisions[RevisionKey(coin: coin, window: window, end: index + 1)] = nil
        }
    }

    fileprivate mutating func restoreCoin(_ record: CoinRecord, of key: CoinKey) {
        let coin = known(key)
        states[coin].lastEventTime = record.lastEventTime.microseconds
        states[coin].carried = nil
        if let close = record.close, let time = record.closeTime {
            let volume = record.volume?.units
            states[coin].carried = CoinState.Carried(price: close.units, volume: volume, time: time.microseconds)
        }
    }

    fileprivate mutating func restoreAlert(_ state: AlertState, rule: String, of key: CoinKey) {
        let coin = known(key)
        alerts.restore(state, rule: rule, of: coin, key: key)
    }

    fileprivate mutating func forgetAlert(rule: String, of key: CoinKey) {
        let coin = known(key)
        alerts.forget(rule: rule, of: coin, key: key)
    }

    /// Works out from panes and position what isn't stored by itself.
    fileprivate mutating func resume(_ position: PositionState, at instant: Int64) {
        nextOffset = position.nextOffset
        completeFrom = position.completeFrom
        reportedRules = position.reportedRules
        if let value = position.watermark, let largest = position.largestEventTime {
            watermark = Watermark(
                outOfOrderness: plan.outOfOrderness,
                value: value,
                largestEventTime: largest,
                instant: instant
            )
            closedThrough = plan.pane(at: value)
            nextBoundary = (closedThrough + 1) * plan.paneLength
        }
        let isUsable = position.paneLength == plan.paneLength
        // Panes of another length can't be merged into the windows now wanted: these start anew, and say so.
        if !isUsable { completeFrom = nil }
        for coin in states.indices {
            for slot in rings[coin].slots where rings[coin][slot].index != Pane.unused {
                let pane = rings[coin][slot]
                guard isUsable, pane.index > closedThrough - plan.retention else {
                    changes.orphans.insert(.pane(coins.keys[coin], start: plan.start(of: pane.index)))
                    rings[coin][slot] = Pane(index: Pane.unused)
                    continue
                }
                if position.windows != plan.windows { renumber(coin: coin, slot: slot, from: position.windows) }
                take(pane, of: coin)
            }
            if states[coin].lastTouched > .min || isDueSynthetic(coin, at: closedThrough + 1) { activate(coin) }
        }
    }

    private mutating func take(_ pane: Pane, of coin: Int) {
        if pane.index > states[coin].lastTouched { states[coin].lastTouched = pane.index }
        guard pane.count > 0 else { return }
        if pane.index > states[coin].newestPane { states[coin].newestPane = pane.index }
        if pane.lastTime > states[coin].lastEventTime { states[coin].lastEventTime = pane.lastTime }
        if pane.index < closedThrough { states[coin].carry(pane) }
    }

    /// The windows of the settings have changed: the bits and revisions of a pane move to their new places.
    private mutating func renumber(coin: Int, slot: Int, from old: [WindowSpec]) {
        let pane = rings[coin][slot]
        let end = pane.index + 1
        var kept: [UInt32] = []
        for window in old.indices {
            kept.append(revisions.removeValue(forKey: RevisionKey(coin: coin, window: window, end: end)) ?? 0)
        }
        var emitted: UInt16 = 0
        for (window, spec) in plan.windows.enumerated() {
            guard let place = old.firstIndex(of: spec), pane.emitted & (1 << UInt16(place)) != 0 else { continue }
            emitted |= 1 << UInt16(window)
            if kept[place] > 0 { revisions[RevisionKey(coin: coin, window: window, end: end)] = kept[place] }
        }
        rings[coin][slot].emitted = emitted
    }
}
