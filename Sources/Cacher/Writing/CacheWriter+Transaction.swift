import Shared

/// A batch as transactions.
extension CacheWriter {
    /// How many values go into one transaction: Redis serves nobody else while it carries it out.
    private static let valuesPerTransaction = 4_000
    /// How many bytes are gathered before they are sent: Redis reads them meanwhile.
    private static let bytesAtOnce = 48 << 10

    /// Sends the next values of the batch; behind the last ones the positions.
    func sendTransaction(of batch: CacheBatch) throws(RedisError) {
        contents.removeAll(keepingCapacity: true)
        pipeline.removeAll()
        guard var progress, let connection else { return }
        progress.start = clocks.instant()
        let now = self.now
        let count = batch.ticks.count + batch.candles.count + batch.alerts.count
        encoder.beginBatch()
        pipeline.command("MULTI", arguments: 1)
        for value in progress.repairs { appendWhole(value, of: batch, now) }
        progress.repairs = []
        while contents.isEmpty, !progress.isComplete {
            let end = min(count, progress.next + Self.valuesPerTransaction)
            for index in progress.next..<end {
                append(index, of: batch, upTo: end, now, &progress.receipt)
                if pipeline.byteCount > Self.bytesAtOnce {
                    try connection.send(&pipeline)
                    pipeline.removeBytes()
                }
            }
            progress.next = end
            if end == count {
                appendStreams(of: batch)
                progress.movers = appendOwedMovers(of: batch)
                appendSteps(progress.steps, now)
                progress.isComplete = true
            }
        }
        if contents.isEmpty {
            self.progress = progress
            return
        }
        pipeline.command("EXEC", arguments: 1)
        if ownership.claim != nil {
            pipeline.command("WATCH", arguments: 2)
            pipeline.argument(encoder.keys.owners.utf8.span)
            pipeline.command("HGET", arguments: 3)
            pipeline.argument(encoder.keys.owners.utf8.span)
            pipeline.argument("claims")
        }
        try connection.send(&pipeline)
        self.progress = progress
    }

    private func append(
        _ index: Int,
        of batch: CacheBatch,
        upTo end: Int,
        _ now: Int64,
        _ receipt: inout CacheReceipt
    ) {
        if index < batch.ticks.count {
            appendTick(index, of: batch, now, &receipt)
            return appendOpen(batch.ticks[index].coin, of: batch)
        }
        let index = index - batch.ticks.count
        if index < batch.candles.count { return appendCandle(index, of: batch, upTo: end - batch.ticks.count, now) }
        encoder.append(batch.alerts[index - batch.candles.count], of: batch, to: &pipeline)
        contents.append(.alert)
    }

    private func appendTick(_ index: Int, of batch: CacheBatch, _ now: Int64, _ receipt: inout CacheReceipt) {
        let entry = batch.ticks[index]
        if ownership.claim != nil, let known = memory[price: entry.coin] {
            if entry.version <= known.version {
                receipt.prices.older += 1
                return
            }
            if isAlive(known.renewal, at: now) {
                let renews = now >= known.renewal
                let changes = encoder.appendOwned(
                    index,
                    of: batch,
                    known: known,
                    renews: renews,
                    isSilent: entry.isSilent,
                    to: &pipeline,
                    &contents
                )
                let record = batch.bytes(of: entry.record)
                memory[price: entry.coin]?.wrote(entry.tick, in: record, version: entry.version, changes)
                if renews { memory[price: entry.coin]?.renewal = renewal(of: encoder.timeToLiveMilliseconds, at: now) }
                return
            }
        }
        encoder.append(entry, of: batch, to: &pipeline)
        contents.append(.price(index))
    }

    private func appendCandle(_ index: Int, of batch: CacheBatch, upTo end: Int, _ now: Int64) {
        let entry = batch.candles[index]
        if ownership.claim != nil, let known = memory[candle: entry.series],
            entry.version.timeMicroseconds > known.version.timeMicroseconds, isAlive(known.renewal, at: now)
        {
            // Of candles of a coin in one transaction the last is enough for the hash.
            let last = batch.lastCandle(of: entry.series) ?? index
            let isLast = last == index || last >= end
            let renews = isLast && now >= known.renewal
            encoder.appendOwned(
                candle: index,
                of: batch,
                isLast: isLast,
                known: known,
                renews: renews,
                to: &pipeline,
                &contents
            )
            var wrote = known
            wrote.version = entry.version
            if isLast { wrote.fields = entry.value.fields }
            if renews { wrote.renewal = renewal(of: encoder.timeToLiveMilliseconds, at: now) }
            memory[candle: entry.series] = wrote
        } else {
            encoder.append(entry, of: batch, to: &pipeline)
            contents.append(.candle(index))
        }
        if entry.window == 0, encoder.keptCandles > 0, batch.lastCandle(of: entry.series) == index {
            let start = entry.value.windowStart.milliseconds
            let minute = ClosedMinute(coin: entry.coin, start: start, close: entry.value.close)
            if isFilling, entry.isSilent {
                memory.owedMovers[entry.coin] = minute
            } else {
                memory.owedMovers[entry.coin] = nil
                encoder.appendMovers(minute, of: batch, to: &pipeline)
                contents.append(.other)
            }
        }
    }

    /// Reckons what waited for Redis to be filled, some at a time.
    private func appendOwedMovers(of batch: CacheBatch) -> [ClosedMinute] {
        if isFilling || memory.owedMovers.isEmpty { return [] }
        let minutes = Array(memory.owedMovers.values.prefix(Self.valuesPerTransaction))
        for minute in minutes {
            encoder.appendMovers(minute, of: batch, to: &pipeline)
            contents.append(.other)
        }
        return minutes
    }

    /// Whether a key whose time to live was to be set anew then is there still.
    private func isAlive(_ renewal: Int64, at now: Int64) -> Bool {
        renewal == .max || now < renewal + encoder.timeToLiveMilliseconds / 2
    }

    private func appendWhole(_ value: WrittenValue, of batch: CacheBatch, _ now: Int64) {
        switch value {
        case .ownedPrice(let index, _):
            _ = encoder.appendOwned(
                index,
                of: batch,
                known: nil,
                renews: encoder.timeToLiveMilliseconds > 0,
                isSilent: true,
                to: &pipeline,
                &contents
            )
        case .ownedCandle(let index, _):
            encoder.appendWhole(candle: index, of: batch, to: &pipeline, &contents)
        default: break
        }
    }

    /// Adds every record to the stream of its kind, in the transaction of the positions: so each is in it once.
    private func appendStreams(of batch: CacheBatch) {
        for streamed in batch.streamed {
            pipeline.command("XADD", arguments: 8)
            pipeline.argument(encoder.keys.stream(streamed.kind).utf8.span)
            pipeline.argument("MAXLEN")
            pipeline.argument("~")
            pipeline.argument(Int64(encoder.streamLength))
            pipeline.argument("*")
            pipeline.argument("json")
            pipeline.argument(batch.bytes(of: streamed.record))
            contents.append(.other)
        }
    }

    private func appendSteps(_ steps: [PositionStep], _ now: Int64) {
        let life = encoder.positionLife
        for step in steps {
            let isThere = step.atLeast >= 0
            pipeline.command("SET", arguments: 4 + (isThere ? 1 : 0) + (life > 0 ? 2 : 0))
            pipeline.argument(step.key.utf8.span)
            pipeline.argument(step.next)
            if isThere { pipeline.argument("XX") }
            pipeline.argument("GET")
            if life > 0 {
                pipeline.argument("PX")
                pipeline.argument(life)
            }
            contents.append(.position)
        }
        if ownership.claim != nil, now >= ownersRenewal {
            pipeline.command("PEXPIRE", arguments: 3)
            pipeline.argument(encoder.keys.owners.utf8.span)
            pipeline.argument(life)
            contents.append(.other)
            ownersRenewal = renewal(of: life, at: now)
        }
    }
}
