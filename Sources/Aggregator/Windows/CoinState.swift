import Shared

/// What is remembered of a coin besides its panes.
struct CoinState: Sendable {
    /// The largest event time taken in, in microseconds; `.min` when there is none.
    var lastEventTime = Int64.min
    /// The number of the newest pane that took a tick; `.min` when none did.
    var newestPane = Int64.min
    /// The number of the newest pane that took a tick or ends an emitted window; `.min` when none did.
    var lastTouched = Int64.min
    /// Windows of the coin that start before this may lack ticks, in microseconds; `.min` when none do.
    var completeFrom = Int64.min
    /// The latest close among closed panes: what synthetic windows carry forward.
    var carried: Carried?
    /// Whether its number is in use.
    var isRegistered = true
    /// Whether boundaries have to look at it: it has panes, or is still due synthetic windows.
    var isActive = false
    /// Whether a record of it waits for the next drain.
    var isDirty = false
    /// Whether the changelog holds a record of it.
    var isStored = false

    /// A close that is carried forward.
    struct Carried: Sendable, Hashable {
        /// The price, in 10⁻¹⁸.
        var price: Int128
        /// The 24-hour volume that came with it.
        var volume: Int128?
        /// Whether there were trades in its pane: then nothing was traded in the windows that carry it, rather than nobody
        /// knows what.
        var hasTrades: Bool
        /// Its event time in microseconds.
        var time: Int64

        /// A close.
        init(price: Int128, volume: Int128?, hasTrades: Bool, time: Int64) {
            self.price = price
            self.volume = volume
            self.hasTrades = hasTrades
            self.time = time
        }

        /// The close of a pane that has ticks.
        init(_ pane: Pane, hasTrades: Bool) {
            let volume = pane.hasVolume ? pane.volume : nil
            self.init(price: pane.close, volume: volume, hasTrades: hasTrades, time: pane.lastTime)
        }
    }

    /// Takes the close of a closed pane if it is the latest.
    mutating func carry(_ pane: Pane, hasTrades: Bool) {
        guard pane.count > 0 else { return }
        if let carried, carried.time > pane.lastTime { return }
        carried = Carried(pane, hasTrades: hasTrades)
    }
}
