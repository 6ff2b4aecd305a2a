import Shared

/// Coins come with their first tick and go when nothing needs them: their panes are closed, no synthetic window is due,
/// and no alert rule remembers them.
extension PartitionWindows {
    /// Makes room for the panes of a coin that has none.
    /// - Parameters:
    ///   - known: its number, if it is known.
    ///   - time: event time of its tick, in microseconds.
    ///   - isTrade: whether it also needs room for trades.
    ///   - room: the bytes that all coins may take here.
    /// - Returns: its number; nil when there is no room.
    mutating func admit(
        _ known: Int?,
        coin: Span<UInt8>,
        currency: Span<UInt8>,
        at time: Int64,
        isTrade: Bool,
        room: Int
    ) -> Int? {
        let needed = bytesOfNewCoin(names: coin.count + currency.count) + (isTrade ? bytesOfTrades : 0)
        guard memory.limit == .max || byteCount + needed <= room else {
            refusedThrough = max(refusedThrough, time)
            return nil
        }
        let number = known ?? register(coin: coin, currency: currency)
        giveRing(to: number)
        if isTrade { giveTrades(to: number) }
        if refusedThrough > .min, closedThrough > .min,
            refusedThrough >= (closedThrough - plan.retention) * plan.paneLength
        {
            // Ticks of this coin may be among those that were refused.
            states[number].completeFrom = refusedThrough + 1
            markChanged(number)
        }
        return number
    }

    /// Makes room for the trades of a coin that had none, and has panes.
    /// - Parameters:
    ///   - time: event time of its first trade, in microseconds.
    ///   - room: the bytes that all coins may take here.
    /// - Returns: whether there was room.
    @inline(never)
    mutating func admitTrades(of coin: Int, at time: Int64, room: Int) -> Bool {
        guard memory.limit == .max || byteCount + bytesOfTrades <= room else {
            refusedThrough = max(refusedThrough, time)
            states[coin].completeFrom = max(states[coin].completeFrom, time + 1)
            markChanged(coin)
            return false
        }
        giveTrades(to: coin)
        return true
    }

    /// The numbers that are in use.
    var coinNumbers: some Sequence<Int> {
        states.indices.lazy.filter { states[$0].isRegistered }
    }

    /// What all coins take, in bytes: roughly, but never less than half.
    var byteCount: Int {
        coins.byteCount + states.count * Self.bytesEach + ringCount * PaneRing.byteCount(plan: plan, length: ringLength)
            + tradeRingCount * bytesOfTrades
            + revisions.count * 2 * MemoryLayout<(RevisionKey, UInt32)>.stride
    }

    private static var bytesEach: Int { MemoryLayout<CoinState>.stride + MemoryLayout<PaneRing>.stride }

    private var bytesOfTrades: Int { PaneRing.tradeByteCount(plan: plan, length: ringLength) }

    private func bytesOfNewCoin(names: Int) -> Int {
        PaneRing.byteCount(plan: plan, length: ringLength) + Self.bytesEach + names * 2 + 256
    }

    /// Gives a number to a coin that isn't known.
    mutating func register(coin: Span<UInt8>, currency: Span<UInt8>) -> Int {
        let number = coins.insert(coin: coin, currency: currency)
        if number == states.count {
            states.append(CoinState())
            rings.append(PaneRing.empty)
        } else {
            states[number] = CoinState()
        }
        return number
    }

    mutating func giveRing(to coin: Int) {
        guard rings[coin].isEmpty else { return }
        rings[coin] = PaneRing(plan: plan, length: ringLength)
        ringCount += 1
    }

    /// Makes room for trades; the coin must have a ring.
    mutating func giveTrades(to coin: Int) {
        guard !rings[coin].hasTrades else { return }
        rings[coin].makeRoomForTrades(plan: plan)
        tradeRingCount += 1
    }

    private mutating func takeRing(from coin: Int) {
        if !rings[coin].isEmpty { ringCount -= 1 }
        if rings[coin].hasTrades { tradeRingCount -= 1 }
        rings[coin] = PaneRing.empty
    }

    /// From now on boundaries look at a coin.
    mutating func activate(_ coin: Int) {
        giveRing(to: coin)
        states[coin].isActive = true
        active.append(coin)
    }

    /// No boundary has to look at a coin any more: its panes go now, and it itself at the next drain.
    mutating func retire(_ coin: Int) {
        states[coin].isActive = false
        takeRing(from: coin)
        changes.leaving.append(coin)
    }

    /// Looks for coins that have been silent for so long that no rule needs to know them: whatever tick of theirs is still
    /// accepted starts their rules anew.
    mutating func sweep() {
        guard let mark = watermark.value, closedThrough >= nextSweep else { return }
        let pause: Int64 = 600_000_000
        nextSweep = closedThrough + max(1, pause / plan.paneLength)
        let end = mark.microseconds - plan.allowedLateness - plan.paneLength - plan.silenceLimit
        for coin in states.indices where states[coin].isRegistered && !states[coin].isActive {
            if states[coin].lastEventTime < end { changes.leaving.append(coin) }
        }
    }

    /// Whether nothing needs a coin any more, so that its number can be given to another.
    /// - Parameter isRemembered: whether a rule knows something of it.
    func canLeave(_ coin: Int, isRemembered: Bool) -> Bool {
        guard states[coin].isRegistered, !states[coin].isActive else { return false }
        guard isRemembered, let mark = watermark.value else { return true }
        let end = mark.microseconds - plan.allowedLateness - plan.paneLength - plan.silenceLimit
        return states[coin].lastEventTime < end
    }

    /// Forgets a coin. Whatever the changelog holds of it must have been removed.
    mutating func release(_ coin: Int) {
        takeRing(from: coin)
        coins.remove(coin)
        states[coin] = CoinState()
        states[coin].isRegistered = false
    }

    /// A record of the coin has to be written.
    mutating func markChanged(_ coin: Int) {
        guard !states[coin].isDirty else { return }
        states[coin].isDirty = true
        changes.coins.append(coin)
    }
}
