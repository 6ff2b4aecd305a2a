import Shared

/// A batch as transactions, and what Redis answers.
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
        progress.start = .now
        let now = Self.now
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
        if index < batch.ticks.count { return appendTick(index, of: batch, now, &receipt) }
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
            encoder.appendMovers(entry, of: batch, to: &pipeline)
            contents.append(.other)
        }
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

    /// Reads the answers to a transaction.
    func receiveTransaction(of batch: CacheBatch) throws(RedisError) -> Outcome {
        guard var progress, let connection, !contents.isEmpty else { return .made }
        let execution = contents.count + 1
        let isOwner = ownership.claim != nil
        var failure: RedisError?
        var isMade = false
        var claim: Int64?
        try connection.receive(execution + 1 + (isOwner ? 2 : 0)) { place, token in
            if place.reply == execution, let element = place.element {
                take(token, of: contents[element], batch, &progress, &failure)
                return
            }
            switch token {
            case .error(let error): failure = failure ?? error
            case .array where place.reply == execution: isMade = true
            case .string(let bytes) where place.reply > execution:
                claim = Int64(String(decoding: bytes, as: UTF8.self))
            default: break
            }
        }
        // Who has claimed something else than ours has changed none of our keys.
        if isOwner, claim != ownership.claim { ownership.claim = nil }
        if let failure {
            guard failure.kind == .scriptMissing else { throw failure }
            // The server's scripts were flushed. What did run is found again as not newer.
            try load(on: connection)
            memory.removeAll()
            try hold()
            self.progress = progress
            return .again
        }
        progress.receipt.roundTrips.append(.now - progress.start)
        self.progress = progress
        contents.removeAll(keepingCapacity: true)
        guard isOwner else { return .made }
        if isMade {
            try hold()
            return .made
        }
        memory.removeAll()
        ownership.claim = nil
        try hold()
        return try look(for: progress.steps)
    }

    /// After a transaction that wasn't carried out, and before the first one of a connection: whether Redis has lost data.
    func look(for steps: [PositionStep]) throws(RedisError) -> Outcome {
        let found = try positions(steps.map(\.key)).map { $0 ?? -1 }
        guard zip(steps, found).contains(where: { $1 < $0.atLeast }) else { return .again }
        progress?.receipt.positions = found
        return .lost
    }

    private func take(
        _ token: RedisToken,
        of value: WrittenValue,
        _ batch: CacheBatch,
        _ progress: inout Progress,
        _ failure: inout RedisError?
    ) {
        switch (value, token) {
        case (.price(let index), .integer(let answer)): tookPrice(answer, batch.ticks[index], batch, &progress.receipt)
        case (.candle(let index), .integer(let answer)):
            tookCandle(answer, batch.candles[index], batch, &progress.receipt)
        case (.alert, .integer(let answer)):
            progress.receipt.alerts.add(answer)
            progress.receipt.note(answer, hash: "", set: encoder.keys.alerts)
        case (.ownedPrice(let index, let added), .integer(let number)):
            if added == nil { return }
            progress.receipt.prices.written += 1
            if number != Int64(added ?? 0) {
                // Somebody has deleted the key, or fields of it.
                memory[price: batch.ticks[index].coin] = nil
                progress.repairs.append(value)
            }
        case (.ownedCandle(let index, let added), .integer(let number)):
            if added != nil, encoder.kept(batch.candles[index].value) == 0 { progress.receipt.candles.written += 1 }
            if let added, number != Int64(added) {
                memory[candle: batch.candles[index].series] = nil
                progress.repairs.append(value)
            }
        case (.history, .integer): progress.receipt.candles.written += 1
        case (.position, .string(let bytes)):
            let number = Int64(String(decoding: bytes, as: UTF8.self)) ?? -1
            progress.receipt.positions.append(max(-1, number))
        case (.position, .null): progress.receipt.positions.append(-1)
        case (.other, .integer), (.index, .integer), (.other, .string): break
        case (_, .error(let error)):
            if error.kind == .keyInTheWay {
                tookKeyInTheWay(value, batch, &progress.receipt)
            } else {
                failure = failure ?? error
            }
        default: failure = failure ?? RedisError(.refused, "Redis answers a command with \(token)")
        }
    }

    private func tookPrice(
        _ answer: Int64,
        _ entry: CacheBatch.Tick,
        _ batch: CacheBatch,
        _ receipt: inout CacheReceipt
    ) {
        receipt.prices.add(answer)
        if answer > 3 {
            let coin = batch.coins.key(of: entry.coin)
            receipt.note(answer, hash: encoder.keys.price(coin), set: encoder.keys.coins(in: coin.vsCurrency))
            for (bit, ranking) in [
                (CacheScript.marketCapInTheWay, Ranking.marketCap), (CacheScript.volumeInTheWay, .volume),
            ] where answer & bit != 0 {
                receipt.keysInTheWay.append(encoder.keys.ranking(ranking, in: coin.vsCurrency))
            }
        }
        // With an index in the way the coin is no member yet: the next tick has to try again.
        guard ownership.claim != nil, answer == 1 else { return }
        memory[price: entry.coin] = KnownPrice(
            entry.tick,
            in: batch.bytes(of: entry.record),
            version: entry.version,
            renewal: renewal(of: encoder.timeToLiveMilliseconds, at: Self.now)
        )
    }

    private func tookCandle(
        _ answer: Int64,
        _ entry: CacheBatch.Candle,
        _ batch: CacheBatch,
        _ receipt: inout CacheReceipt
    ) {
        receipt.candles.add(answer)
        if answer & 12 != 0 {
            let coin = batch.coins.key(of: entry.coin)
            let window = batch.coins.windows[entry.window].window.name
            receipt.note(answer, hash: encoder.keys.candle(coin, window), set: encoder.keys.candles(coin, window))
        }
        guard ownership.claim != nil else { return }
        memory[candle: entry.series] =
            answer & 1 != 0 && answer & CacheScript.isLastCandle != 0
            ? KnownCandle(
                version: entry.version,
                fields: entry.value.fields,
                renewal: renewal(of: encoder.timeToLiveMilliseconds, at: Self.now)
            ) : nil
    }

    private func tookKeyInTheWay(_ value: WrittenValue, _ batch: CacheBatch, _ receipt: inout CacheReceipt) {
        let keys = encoder.keys
        switch value {
        case .ownedPrice(let index, _):
            let coin = batch.ticks[index].coin
            memory[price: coin] = nil
            receipt.keysInTheWay.append(keys.price(batch.coins.key(of: coin)))
        case .ownedCandle(let index, _):
            let entry = batch.candles[index]
            memory[candle: entry.series] = nil
            let window = batch.coins.windows[entry.window].window.name
            receipt.keysInTheWay.append(keys.candle(batch.coins.key(of: entry.coin), window))
        case .history(let index):
            let entry = batch.candles[index]
            memory[candle: entry.series] = nil
            let window = batch.coins.windows[entry.window].window.name
            receipt.keysInTheWay.append(keys.candles(batch.coins.key(of: entry.coin), window))
        case .index(let coin):
            memory[price: coin] = nil
            receipt.keysInTheWay.append(keys.coins(in: batch.coins.key(of: coin).vsCurrency))
        case .position: receipt.positions.append(-2)
        case .other: receipt.keysInTheWay.append("\(keys.prefix)movers:… or \(keys.prefix)stream:…")
        default: break
        }
    }
}
