import Shared

/// State that outlives the process: what changed goes into the changelog, and comes back from it.
extension PartitionWindows {
    /// Whether anything but the position changed since the last drain.
    var hasChanges: Bool { !changes.isEmpty }

    /// Coins that may have left since the last drain.
    var leaving: ContiguousArray<Int> { changes.leaving }

    /// Whether the changelog holds a record of a coin.
    func isStored(_ coin: Int) -> Bool { states[coin].isStored }

    /// All changes have been handed over.
    mutating func forgetChanges() {
        changes.removeAll()
    }

    /// Hands over the panes that changed; nil removes one.
    mutating func drainPanes(_ write: (StateKey, StateValue?) throws -> Void) rethrows {
        for gone in changes.gone { try write(paneKey(gone.coin, gone.pane), nil) }
        for change in changes.panes {
            guard !rings[change.coin].isEmpty else { continue }
            let slot = rings[change.coin].slot(of: change.pane)
            guard rings[change.coin][slot].index == change.pane else { continue }
            rings[change.coin][slot].standing.remove(.dirty)
            rings[change.coin][slot].standing.insert(.stored)
            let state = paneState(rings[change.coin][slot], slot: slot, of: change.coin)
            try write(paneKey(change.coin, change.pane), .pane(state))
        }
    }

    /// Hands over the records of coins that changed, but not of those that will leave without having had one.
    /// - Parameter isRemembered: whether a rule knows something of a coin.
    mutating func drainCoins(
        isRemembered: (Int) -> Bool,
        _ write: (StateKey, StateValue?) throws -> Void
    ) rethrows {
        for coin in changes.coins {
            states[coin].isDirty = false
            guard states[coin].isStored || !canLeave(coin, isRemembered: isRemembered(coin)) else { continue }
            states[coin].isStored = true
            try write(.coin(coins.keys[coin]), .coin(coinRecord(coin)))
        }
    }

    /// The record that says how far the partition has come.
    func state(at position: Position) -> PositionState {
        PositionState(
            nextOffset: position.nextOffset,
            watermark: watermark.value,
            closedThrough: isClosing ? plan.start(of: closedThrough) : nil,
            largestEventTime: watermark.largestEventTime,
            completeFrom: completeFrom,
            keptFrom: watermark.value == nil ? nil : plan.start(of: max(firstKept, closedThrough - plan.retention + 1)),
            tradesFrom: tradesFrom,
            refusedThrough: refusedThrough == .min ? nil : EventTime(microseconds: refusedThrough),
            paneLength: plan.paneLength,
            windows: plan.windows,
            reportedRules: position.reportedRules
        )
    }

    private func paneKey(_ coin: Int, _ pane: Int64) -> StateKey {
        .pane(coins.keys[coin], start: plan.start(of: pane))
    }

    private func coinRecord(_ coin: Int) -> CoinRecord {
        let state = states[coin]
        return CoinRecord(
            lastEventTime: state.lastEventTime == .min ? nil : EventTime(microseconds: state.lastEventTime),
            close: state.carried.map { Price(units: $0.price) },
            volume: state.carried?.volume.map { Price(units: $0) },
            hasTrades: state.carried?.hasTrades ?? false,
            closeTime: state.carried.map { EventTime(microseconds: $0.time) },
            completeFrom: state.completeFrom == .min ? nil : EventTime(microseconds: state.completeFrom)
        )
    }

    /// Inlined: as a call it is given a copy of all there is here, for each pane anew.
    @inline(__always)
    private func paneState(_ pane: Pane, slot: Int, of coin: Int) -> PaneState {
        var state = PaneState(pane, rings[coin].trades(in: pane.index, slot: slot))
        if pane.standing.contains(.revised) {
            state.revisions = plan.windows.indices.map {
                revisions[RevisionKey(coin: coin, window: $0, end: pane.index + 1)] ?? 0
            }
        }
        return state
    }
}
