import Shared

/// What Redis answers to a transaction.
extension CacheWriter {
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
        progress.receipt.roundTrips.append(clocks.instant() - progress.start)
        self.progress = progress
        contents.removeAll(keepingCapacity: true)
        if !isOwner || isMade {
            for minute in progress.movers where memory.owedMovers[minute.coin] == minute {
                memory.owedMovers[minute.coin] = nil
            }
        }
        guard isOwner else { return .made }
        if isMade {
            // Behind the last transaction the next batch sees to the claim.
            if ownership.claim != nil || progress.isComplete && progress.repairs.isEmpty { return .made }
        } else {
            memory.removeAll()
            ownership.claim = nil
        }
        try hold()
        if case .lost = try look() { return .lost }
        return isMade ? .made : .again
    }

    /// Before the first transaction under a new watch: whether Redis has lost data. Until it has another watch, none that
    /// is carried out meets a Redis without it.
    func look() throws(RedisError) -> Outcome {
        guard let check = progress?.check else { return .again }
        let found = try positions(check.map(\.key)).map { $0 ?? -1 }
        guard zip(check, found).contains(where: { $1 < $0.atLeast }) else { return .again }
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
        case (.other, .integer), (.index, .integer), (.other, .string), (.open, .string), (.open, .null): break
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
            renewal: renewal(of: encoder.timeToLiveMilliseconds, at: now)
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
                renewal: renewal(of: encoder.timeToLiveMilliseconds, at: now)
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
        case .open(let coin): receipt.keysInTheWay.append(keys.open(batch.coins.key(of: coin)))
        case .position: receipt.positions.append(-2)
        case .other: receipt.keysInTheWay.append("\(keys.prefix)movers:… or \(keys.prefix)stream:…")
        default: break
        }
    }
}
