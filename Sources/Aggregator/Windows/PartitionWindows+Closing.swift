import Shared

/// Closing windows: boundary by boundary, and at each only the coins that can have something to say.
extension PartitionWindows {
    /// Emits every window that ends at or before the watermark and hasn't been emitted.
    /// - Returns: false when it paused at ``closeLimit``. What is done can be committed then; the next call goes on.
    @inline(__always)
    mutating func closeWindows(into output: inout WindowOutput) -> Bool {
        guard isClosing, let mark = watermark.value else { return true }
        return closeWindows(through: plan.pane(at: mark), into: &output)
    }

    /// Whether the watermark has passed boundaries whose windows are not all closed yet.
    @inline(__always)
    var isClosing: Bool { watermark.value.map { $0.microseconds >= nextBoundary } ?? false }

    private mutating func closeWindows(through target: Int64, into output: inout WindowOutput) -> Bool {
        if closedThrough == .min { closedThrough = target }
        var left = closeLimit
        while closedThrough < target, !active.isEmpty {
            guard close(closedThrough + 1, left: &left, into: &output) else { return false }
            closedThrough += 1
        }
        closedThrough = max(closedThrough, target)
        nextBoundary = (closedThrough + 1) * plan.paneLength
        sweep()
        return true
    }

    /// Closes a boundary, or goes on with that.
    /// - Parameter left: how many coins and results there is room for.
    /// - Returns: whether all coins are done.
    private mutating func close(_ boundary: Int64, left: inout Int, into output: inout WindowOutput) -> Bool {
        precondition(watermark.value.map { plan.start(of: boundary) <= $0 } ?? false, "a window is closed too early")
        let ending = plan.grids.indices.filter { plan.grids[$0].ends(at: boundary) }
        var kept = closedCoins
        var next = closedCoins
        while next < active.count, left > 0 {
            let coin = active[next]
            next += 1
            left -= 1 + close(boundary, of: coin, ending: ending, into: &output)
            expire(boundary - plan.retention, of: coin)
            if states[coin].lastTouched > boundary - plan.retention || isDueSynthetic(coin, at: boundary + 1) {
                active[kept] = coin
                kept += 1
            } else {
                retire(coin)
            }
        }
        active.removeSubrange(kept..<next)
        let isDone = kept == active.count
        closedCoins = isDone ? 0 : kept
        return isDone
    }

    /// Emits the windows of one coin that end at a boundary.
    /// - Returns: how many.
    private mutating func close(
        _ boundary: Int64,
        of coin: Int,
        ending: [Int],
        into output: inout WindowOutput
    ) -> Int {
        let slot = rings[coin].slot(of: boundary - 1)
        var done: UInt16 = 0
        if rings[coin][slot].index == boundary - 1 {
            states[coin].carry(rings[coin][slot], hasTrades: hasTrades(coin, in: boundary - 1, slot: slot))
            // Before a restart in the middle of the close.
            done = rings[coin][slot].emitted
        }
        let before = output.results.count
        var emitted: UInt16 = 0
        for window in ending where done & (1 << UInt16(window)) == 0 {
            guard let result = result(of: coin, window: window, end: boundary) else { continue }
            output.results.append(result)
            emitted |= 1 << UInt16(window)
        }
        if emitted != 0 { noteEmitted(emitted, coin: coin, pane: boundary - 1, slot: slot) }
        return output.results.count - before
    }

    /// The result of a window; nil when it is empty and no synthetic one is due.
    private mutating func result(of coin: Int, window: Int, end: Int64) -> WindowResult? {
        let panes = end - plan.grids[window].size..<end
        let summary = rings[coin].merged(panes)
        if summary.count > 0 {
            let trades = rings[coin].mergedTrades(panes)
            return result(of: coin, window: window, end: end, summary: summary, trades: trades)
        }
        guard let carried = states[coin].carried, isDueSynthetic(after: carried, at: end) else { return nil }
        return synthetic(of: coin, window: window, end: end, carrying: carried)
    }

    private func result(
        of coin: Int,
        window: Int,
        end: Int64,
        summary: Pane,
        trades: TradeSums?
    ) -> WindowResult {
        WindowResult(
            coin: coin,
            window: window,
            end: end,
            summary: summary,
            trades: trades,
            revision: 0,
            isRevision: false,
            isSynthetic: summary.count == 0,
            isPartial: isPartial(coin, firstPane: end - plan.grids[window].size, trades: trades?.count ?? 0)
        )
    }

    /// Whether a window that begins with a pane may lack ticks.
    private func isPartial(_ coin: Int, firstPane: Int64, trades: UInt32) -> Bool {
        let start = firstPane * plan.paneLength
        guard let completeFrom, start >= completeFrom.microseconds else { return true }
        if trades > 0, let tradesFrom, start < tradesFrom.microseconds { return true }
        return start < states[coin].completeFrom || firstPane < firstKept
    }

    /// The result of an empty window: the close before it.
    private func synthetic(of coin: Int, window: Int, end: Int64, carrying carried: CoinState.Carried) -> WindowResult {
        var summary = Pane(index: end - plan.grids[window].size)
        summary.open = carried.price
        summary.high = carried.price
        summary.low = carried.price
        summary.close = carried.price
        summary.hasVolume = carried.volume != nil
        summary.volume = carried.volume ?? 0
        let trades = carried.hasTrades ? TradeSums(index: summary.index) : nil
        return result(of: coin, window: window, end: end, summary: summary, trades: trades)
    }

    /// Whether there were trades in a pane.
    func hasTrades(_ coin: Int, in pane: Int64, slot: Int) -> Bool {
        rings[coin].trades(in: pane, slot: slot) != nil
    }

    /// Whether an empty window that ends at a boundary is still close enough to the coin's last close.
    func isDueSynthetic(_ coin: Int, at boundary: Int64) -> Bool {
        states[coin].carried.map { isDueSynthetic(after: $0, at: boundary) } ?? false
    }

    private func isDueSynthetic(after carried: CoinState.Carried, at boundary: Int64) -> Bool {
        boundary - 1 - plan.pane(at: EventTime(microseconds: carried.time)) <= plan.syntheticPanes
    }

    /// A pane that was closed has changed: emits all its windows that were closed again, and those behind it that carry
    /// its close.
    /// - Parameters:
    ///   - time: event time of the tick that changed it, in microseconds.
    ///   - isTrade: whether the tick has a size.
    mutating func revise(_ coin: Int, pane: Int64, by time: Int64, isTrade: Bool, into output: inout WindowOutput) {
        rings[coin].invalidateBlock(of: pane)
        let slot = rings[coin].slot(of: pane)
        let changed = rings[coin][slot]
        let trades = rings[coin].trades(in: pane, slot: slot)
        let carried = CoinState.Carried(changed, hasTrades: trades != nil)
        states[coin].carry(changed, hasTrades: carried.hasTrades)
        for window in plan.grids.indices {
            let grid = plan.grids[window]
            var end = grid.firstEnd(from: pane + 1)
            while end <= min(closedThrough, pane + grid.size) {
                if let result = result(of: coin, window: window, end: end) { emitAgain(result, into: &output) }
                end += grid.slide
            }
        }
        // What is carried changes with the close, and with the first trade: from then on it says that nothing was traded.
        guard changed.lastTime == time || isTrade && trades?.count == 1 else { return }
        reviseSynthetic(coin, behind: pane, carried, into: &output)
    }

    /// Emits the closed windows again that hold no tick and come right after a pane with a new close: they carry it. Those
    /// that weren't due before this tick are emitted for the first time.
    private mutating func reviseSynthetic(
        _ coin: Int,
        behind pane: Int64,
        _ carried: CoinState.Carried,
        into output: inout WindowOutput
    ) {
        let next = rings[coin].firstPaneWithTicks(after: pane, before: closedThrough) ?? closedThrough
        for window in plan.grids.indices {
            let grid = plan.grids[window]
            var end = grid.firstEnd(from: pane + 1 + grid.size)
            while end <= next, isDueSynthetic(after: carried, at: end) {
                emitAgain(synthetic(of: coin, window: window, end: end, carrying: carried), into: &output)
                end += grid.slide
            }
        }
    }

    private mutating func emitAgain(_ result: WindowResult, into output: inout WindowOutput) {
        var result = result
        result.isRevision = true
        let slot = rings[result.coin].slot(of: result.end - 1)
        let bit: UInt16 = 1 << UInt16(result.window)
        rings[result.coin].claim(slot, for: result.end - 1)
        if rings[result.coin][slot].emitted & bit != 0 {
            let key = RevisionKey(coin: result.coin, window: result.window, end: result.end)
            let (revision, overflow) = revisions[key, default: 0].addingReportingOverflow(1)
            result.revision = overflow ? .max : revision
            revisions[key] = result.revision
            rings[result.coin][slot].standing.insert(.revised)
        }
        output.results.append(result)
        noteEmitted(bit, coin: result.coin, pane: result.end - 1, slot: slot)
    }

    /// Remembers which windows that end with a pane have been emitted.
    private mutating func noteEmitted(_ windows: UInt16, coin: Int, pane: Int64, slot: Int) {
        rings[coin].claim(slot, for: pane)
        rings[coin][slot].emitted |= windows
        markPaneChanged(coin, pane: pane, slot: slot)
        if pane > states[coin].lastTouched { states[coin].lastTouched = pane }
    }

    /// A record of the pane has to be written.
    mutating func markPaneChanged(_ coin: Int, pane: Int64, slot: Int) {
        guard rings[coin][slot].standing.insert(.dirty).inserted else { return }
        changes.panes.append(StateChanges.PaneChange(coin: coin, pane: pane))
    }

    /// Drops a pane that no window needs any more.
    private mutating func expire(_ pane: Int64, of coin: Int) {
        let slot = rings[coin].slot(of: pane)
        guard rings[coin][slot].index == pane else { return }
        let held = rings[coin][slot]
        if held.standing.contains(.stored) { changes.gone.append(StateChanges.PaneChange(coin: coin, pane: pane)) }
        if held.standing.contains(.revised) {
            for window in plan.windows.indices {
                revisions[RevisionKey(coin: coin, window: window, end: pane + 1)] = nil
            }
        }
        let end = (pane + 1) * plan.paneLength
        if held.count > 0, states[coin].lastEventTime < end || states[coin].carried.map({ $0.time < end }) ?? false {
            markChanged(coin)  // from now on only the coin's own record knows these
        }
        rings[coin].free(slot)
    }

    /// Emits the windows that hold ticks and are still open, marked partial: the end of a replay, behind which no tick comes.
    /// - Returns: false when it paused at ``closeLimit``, as a close does.
    mutating func flush(into output: inout WindowOutput) -> Bool {
        guard let newest = active.map({ states[$0].newestPane }).max(), newest > .min else { return true }
        let end = output.results.count + closeLimit
        while closedThrough < newest + plan.longest {
            let boundary = closedThrough + 1
            while closedCoins < active.count {
                guard output.results.count < end else { return false }
                for window in plan.grids.indices where plan.grids[window].ends(at: boundary) {
                    let result = result(of: active[closedCoins], window: window, end: boundary)
                    guard var result, !result.isSynthetic else { continue }
                    result.isPartial = true
                    output.results.append(result)
                }
                closedCoins += 1
            }
            closedCoins = 0
            closedThrough = boundary
        }
        return true
    }
}
