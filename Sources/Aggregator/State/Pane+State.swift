import Shared

/// A pane as the changelog has it, without its revisions.
extension Pane {
    /// Takes the figures of a record.
    init(index: Int64, _ state: PaneState) {
        self.init(index: index)
        count = state.count
        emitted = state.emitted
        standing = .stored
        open = state.open.units
        high = state.high.units
        low = state.low.units
        close = state.close.units
        sum = state.sum.units
        hasVolume = state.volume != nil
        volume = state.volume?.units ?? 0
        firstTime = state.firstTime.microseconds
        lastTime = state.lastTime.microseconds
    }
}

extension TradeSums {
    /// Takes the figures of a record.
    init(index: Int64, _ state: PaneState.Trades) {
        self.init(index: index)
        count = state.count
        size = state.size.units
        quote = state.quote
    }
}

extension PaneState {
    /// The figures of a pane.
    init(_ pane: Pane, _ sums: TradeSums?) {
        self.init(count: pane.count, emitted: pane.emitted)
        trades = sums.map { Trades(count: $0.count, size: Price(units: $0.size), quote: $0.quote) }
        guard pane.count > 0 else { return }
        open = Price(units: pane.open)
        high = Price(units: pane.high)
        low = Price(units: pane.low)
        close = Price(units: pane.close)
        sum = Price(units: pane.sum)
        volume = pane.hasVolume ? Price(units: pane.volume) : nil
        firstTime = EventTime(microseconds: pane.firstTime)
        lastTime = EventTime(microseconds: pane.lastTime)
    }
}
