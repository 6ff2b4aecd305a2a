import Shared

/// Going on from a position, whatever the settings were when it was written.
extension PartitionWindows {
    /// Takes back panes, and works out what isn't stored by itself.
    /// - Parameters:
    ///   - held: by coin, the panes of the changelog.
    ///   - orphans: gets the keys of panes that have no place any more.
    ///   - faults: gets panes that can't be used; windows that need one of them are marked partial.
    ///   - instant: the monotonic clock now, in microseconds.
    mutating func resume(
        _ position: PositionState,
        held: ContiguousArray<ContiguousArray<StateRestore.HeldPane>>,
        orphans: inout Set<StateKey>,
        faults: inout StateFaults,
        at instant: Int64
    ) {
        completeFrom = position.completeFrom
        // A version that knew no sizes has taken in everything up to here.
        tradesFrom =
            position.tradesFrom
            ?? position.largestEventTime.map { EventTime(microseconds: $0.microseconds + 1) }
        refusedThrough = position.refusedThrough?.microseconds ?? .min
        var kept: Range<Int64> = 0..<0
        if let value = position.watermark, let largest = position.largestEventTime {
            watermark = Watermark(
                outOfOrderness: plan.outOfOrderness,
                value: value,
                largestEventTime: largest,
                instant: instant
            )
            closedThrough = plan.pane(at: min(value, position.closedThrough ?? value))
            nextBoundary = (closedThrough + 1) * plan.paneLength
            firstKept = firstPane(of: position)
            let end = closedThrough + panesAhead(of: value, largest, held)
            ringLength = max(plan.ringLength, plan.ringLength(ahead: end - closedThrough))
            kept = min(end, max(firstKept, closedThrough - plan.retention + 1))..<end
        }
        // Panes of another length can't be merged into the windows now wanted: these start anew, and say so.
        if position.paneLength != plan.paneLength {
            completeFrom = nil
            kept = 0..<0
        }
        let moved = position.windows == plan.windows ? nil : plan.windows.map { position.windows.firstIndex(of: $0) }
        for coin in states.indices where states[coin].isRegistered {
            for pane in coin < held.count ? held[coin] : [] {
                let start = plan.start(of: pane.pane.index)
                let key = StateKey.pane(coins.keys[coin], start: start)
                let state = PaneState(pane.pane, pane.extras?.trades)
                if let reason = state.fault(start: start, length: position.paneLength) {
                    faults.add(StateFault(offset: pane.offset, key: key.description, reason: reason), of: key)
                } else if kept.contains(pane.pane.index) {
                    take(pane, of: coin, moved: moved)
                } else {
                    // What the coin's record has to say of it goes into the same transaction as its tombstone.
                    orphans.insert(key)
                    if learn(pane, of: coin) { markChanged(coin) }
                }
            }
            let isDue = closedThrough > .min && isDueSynthetic(coin, at: closedThrough + 1)
            if states[coin].lastTouched > .min || isDue { activate(coin) } else { changes.leaving.append(coin) }
        }
        for case .pane(_, let start) in faults.values.keys where kept.contains(plan.pane(at: start)) {
            markMissing(pane: plan.pane(at: start))
        }
    }

    /// Takes back what the changelog says of a coin.
    mutating func restore(_ record: CoinRecord, of coin: Int) {
        states[coin].isStored = true
        states[coin].lastEventTime = record.lastEventTime?.microseconds ?? .min
        states[coin].completeFrom = record.completeFrom?.microseconds ?? .min
        states[coin].carried = nil
        if let close = record.close, let time = record.closeTime {
            states[coin].carried = CoinState.Carried(
                price: close.units,
                volume: record.volume?.units,
                hasTrades: record.hasTrades,
                time: time.microseconds
            )
        }
    }

    /// The changelog says nothing of a coin any more.
    mutating func forgetRecord(of coin: Int) {
        states[coin] = CoinState()
    }

    /// How many panes there can be after the last boundary that was closed.
    private func panesAhead(
        of mark: EventTime,
        _ largest: EventTime,
        _ held: ContiguousArray<ContiguousArray<StateRestore.HeldPane>>
    ) -> Int64 {
        // With a smaller out-of-orderness than before, more lies ahead of the watermark than the settings allow for.
        let ahead = max(0, plan.pane(at: largest) + 1 - plan.pane(at: mark))
        guard isClosing else { return ahead }
        // What moved the watermark may be hours ahead of what was there before it.
        let most = closedThrough + WindowPlan.maximumOutOfOrderness / plan.paneLength + 1
        let newest = held.joined().reduce(closedThrough - 1) { max($0, min($1.pane.index, most)) }
        return max(ahead, newest + 1 - closedThrough)
    }

    /// A pane could not be used: windows that begin before its end lack its ticks.
    private mutating func markMissing(pane: Int64) {
        guard let complete = completeFrom else { return }
        completeFrom = max(complete, plan.start(of: pane + 1))
    }

    /// The first pane that was kept until the position was written. Those before it are gone also where longer windows or
    /// a larger lateness would want them now.
    private func firstPane(of position: PositionState) -> Int64 {
        guard position.paneLength == plan.paneLength else { return closedThrough }
        if let from = position.keptFrom { return min(plan.pane(at: from), closedThrough + 1) }
        // A record of an older version: as long as its windows were, with today's lateness.
        let longest = position.windows.reduce(0) { max($0, $1.size / plan.paneLength) }
        return closedThrough - min(longest, plan.longest) - plan.latenessPanes + 1
    }

    /// Puts a pane into its slot.
    /// - Parameter moved: by window, where it stood in the settings of the position; nil when they are the same.
    private mutating func take(_ held: StateRestore.HeldPane, of coin: Int, moved: [Int?]?) {
        let index = held.pane.index
        giveRing(to: coin)
        let slot = rings[coin].slot(of: index)
        rings[coin][slot] = held.pane
        if let trades = held.extras?.trades {
            giveTrades(to: coin)
            rings[coin].setTrades(trades, slot: slot)
        }
        if moved != nil { rings[coin][slot].emitted = 0 }
        let revisions = held.extras?.revisions ?? []
        for window in plan.windows.indices {
            guard let old = moved == nil ? window : moved?[window] else { continue }
            if moved != nil, held.pane.emitted & (1 << UInt16(old)) != 0 {
                rings[coin][slot].emitted |= 1 << UInt16(window)
            }
            if old < revisions.count, revisions[old] > 0 {
                rings[coin][slot].standing.insert(.revised)
                self.revisions[RevisionKey(coin: coin, window: window, end: index + 1)] = revisions[old]
            }
        }
        // The bits now stand for other windows, and the next position says so: the record has to be written with it.
        if moved != nil { markPaneChanged(coin, pane: index, slot: slot) }
        states[coin].lastTouched = max(states[coin].lastTouched, index)
        guard held.pane.count > 0 else { return }
        states[coin].newestPane = max(states[coin].newestPane, index)
        learn(held, of: coin)
    }

    /// Takes from a pane what is remembered of its coin.
    /// - Returns: whether there was something new.
    @discardableResult
    private mutating func learn(_ held: StateRestore.HeldPane, of coin: Int) -> Bool {
        let pane = held.pane
        guard pane.count > 0 else { return false }
        let before = states[coin]
        states[coin].lastEventTime = max(before.lastEventTime, pane.lastTime)
        if closedThrough > .min, pane.lastTime < closedThrough * plan.paneLength {
            states[coin].carry(pane, hasTrades: held.extras?.trades != nil)
        }
        return states[coin].lastEventTime != before.lastEventTime || states[coin].carried != before.carried
    }
}
