import Shared

/// State that outlives the process: what changed goes into the changelog, and comes back from it.
extension PartitionWindows {
    /// Whether anything but the position changed since the last drain.
    public var hasChanges: Bool {
        !changes.isEmpty || alerts.hasChanges
    }

    /// Hands over every record that has changed since the last drain, the position last; nil removes a record.
    public mutating func drainChanges(_ write: (StateKey, StateValue?) throws -> Void) rethrows {
        for key in changes.orphans { try write(key, nil) }
        for gone in changes.gone { try write(paneKey(gone.coin, gone.pane), nil) }
        for change in changes.panes {
            let slot = rings[change.coin].slot(of: change.pane)
            guard rings[change.coin][slot].index == change.pane else { continue }
            rings[change.coin][slot].standing.remove(.dirty)
            rings[change.coin][slot].standing.insert(.stored)
            let state = paneState(rings[change.coin][slot], of: change.coin)
            try write(paneKey(change.coin, change.pane), .pane(state))
        }
        for coin in changes.coins {
            states[coin].isDirty = false
            try write(.coin(coins.keys[coin]), .coin(coinRecord(coin)))
        }
        changes.removeAll()
        try alerts.drainChanges(coins: coins.keys, write)
        try write(.position, .position(position))
    }

    /// How far the partition has come.
    var position: PositionState {
        PositionState(
            nextOffset: nextOffset,
            watermark: watermark.value,
            largestEventTime: watermark.largestEventTime,
            completeFrom: completeFrom,
            paneLength: plan.paneLength,
            windows: plan.windows,
            reportedRules: reportedRules
        )
    }

    private func paneKey(_ coin: Int, _ pane: Int64) -> StateKey {
        .pane(coins.keys[coin], start: plan.start(of: pane))
    }

    private func coinRecord(_ coin: Int) -> CoinRecord {
        let state = states[coin]
        return CoinRecord(
            lastEventTime: EventTime(microseconds: state.lastEventTime),
            close: state.carried.map { Price(units: $0.price) },
            volume: state.carried?.volume.map { Price(units: $0) },
            closeTime: state.carried.map { EventTime(microseconds: $0.time) }
        )
    }

    private func paneState(_ pane: Pane, of coin: Int) -> PaneState {
        var state = PaneState(count: pane.count, emitted: pane.emitted)
        if pane.count > 0 {
            state.open = Price(units: pane.open)
            state.high = Price(units: pane.high)
            state.low = Price(units: pane.low)
            state.close = Price(units: pane.close)
            state.sum = Price(units: pane.sum)
            state.volume = pane.hasVolume ? Price(units: pane.volume) : nil
            state.firstTime = EventTime(microseconds: pane.firstTime)
            state.lastTime = EventTime(microseconds: pane.lastTime)
        }
        if pane.standing.contains(.revised) {
            state.revisions = plan.windows.indices.map {
                revisions[RevisionKey(coin: coin, window: $0, end: pane.index + 1)] ?? 0
            }
        }
        return state
    }
}
