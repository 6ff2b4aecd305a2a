import Shared

/// Writes batches to Redis and says what became of them.
///
/// It belongs to the thread that made it. It connects when there is something to write, and again after an error. A
/// batch may be written any number of times: what is there already is left out.
public final class CacheWriter {
    private let url: RedisURL
    private let timeout: Duration
    private var encoder: CacheEncoder
    private var connection: RedisConnection?
    private var pipeline = RedisPipeline()
    /// What the commands in the pipeline write.
    private var contents: [Content] = []

    /// What a command writes, by its place in the batch.
    private enum Content {
        case price(Int)
        case candle(Int)
        case alert
        case positions
    }

    /// How many commands go into one round trip: some 500 KB.
    private static let commandsPerRoundTrip = 512

    /// Makes a writer; it isn't connected yet.
    /// - Parameters:
    ///   - timeout: how long a connect and an answer may take.
    public init(url: RedisURL, timeout: Duration, encoder: CacheEncoder) {
        self.url = url
        self.timeout = timeout
        self.encoder = encoder
    }

    /// Connects if there is no connection, and makes sure that Redis answers.
    public func connect() throws(RedisError) {
        do throws(RedisError) {
            if let connection {
                try connection.call(["PING"])
            } else {
                let made = try RedisConnection(to: url, timeout: timeout)
                try load(on: made)
                connection = made
            }
        } catch {
            connection = nil
            throw error
        }
    }

    /// Writes a batch and waits until Redis has acknowledged all of it.
    /// - Throws: the first error of a command, or the loss of the connection; then an unknown part is written, and the
    ///   batch has to be written again. A key of another type is no such error: the receipt names it.
    public func write(_ batch: CacheBatch) throws(RedisError) -> CacheReceipt {
        try write(batch, moving: [])
    }

    /// Writes a batch, and moves positions on behind it, with the last of its round trips.
    func write(_ batch: CacheBatch, moving steps: [PositionStep]) throws(RedisError) -> CacheReceipt {
        var receipt = CacheReceipt()
        do throws(RedisError) {
            if connection == nil { try connect() }
            encoder.beginBatch()
            for (index, entry) in batch.prices.entries.enumerated() {
                try makeRoom(for: batch, &receipt)
                encoder.append(entry.value, version: entry.version, isSilent: entry.isSilent, to: &pipeline)
                contents.append(.price(index))
            }
            for (index, entry) in batch.candles.entries.enumerated() {
                try makeRoom(for: batch, &receipt)
                encoder.append(entry.value, version: entry.version, isSilent: entry.isSilent, to: &pipeline)
                contents.append(.candle(index))
            }
            for alert in batch.alerts {
                try makeRoom(for: batch, &receipt)
                encoder.append(alert.value, isSilent: alert.isSilent, to: &pipeline)
                contents.append(.alert)
            }
            if !steps.isEmpty {
                encoder.append(steps, to: &pipeline)
                contents.append(.positions)
            }
            try flush(batch, &receipt)
        } catch {
            removeAll()
            connection = nil
            throw error
        }
        return receipt
    }

    /// Reads positions, as they stand; nil where there is none.
    func positions(_ keys: [String]) throws(RedisError) -> [Int64?] {
        if keys.isEmpty { return [] }
        var commands = RedisPipeline()
        commands.command("MGET")
        for key in keys { commands.append(key) }
        guard case .array(let values) = try call(&commands).first, values.count == keys.count else {
            throw RedisError(.refused, "Redis answers MGET with something else than values")
        }
        return values.map { $0.text.flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 } }
    }

    /// Sends commands that belong to no batch, and waits for their answers; connects if there is no connection.
    /// - Throws: the first error of a command, or the loss of the connection.
    func call(_ commands: inout RedisPipeline) throws(RedisError) -> [RedisReply] {
        do throws(RedisError) {
            if connection == nil { try connect() }
            return try connection?.replies(to: &commands) ?? []
        } catch {
            if error.kind != .keyInTheWay { connection = nil }
            throw error
        }
    }

    private func removeAll() {
        pipeline.removeAll()
        contents.removeAll(keepingCapacity: true)
    }

    /// Sends what is in the pipeline if it holds enough commands.
    private func makeRoom(for batch: CacheBatch, _ receipt: inout CacheReceipt) throws(RedisError) {
        if contents.count >= Self.commandsPerRoundTrip { try flush(batch, &receipt) }
    }

    /// Sends what is in the pipeline.
    private func flush(_ batch: CacheBatch, _ receipt: inout CacheReceipt) throws(RedisError) {
        guard !contents.isEmpty, let connection else { return }
        let start = ContinuousClock.now
        var (done, failure) = try run(batch, on: connection)
        if failure?.kind == .scriptMissing {
            // The server was restarted or its scripts were flushed. What did run is found again as not newer.
            try load(on: connection)
            let before = done
            (done, failure) = try run(batch, on: connection)
            done.movedFromOlder(before)
        }
        if let failure { throw failure }
        removeAll()
        receipt.add(done)
        receipt.roundTrips.append(ContinuousClock.now - start)
    }

    private func run(
        _ batch: CacheBatch,
        on connection: RedisConnection
    ) throws(RedisError) -> (CacheReceipt, RedisError?) {
        var receipt = CacheReceipt()
        var failure: RedisError?
        try connection.run(&pipeline) { [contents, keys = encoder.keys] position, reply in
            switch (contents[position], reply) {
            case (_, .error(let error)): failure = failure ?? error
            case (.positions, .array(let stored)):
                receipt.positions = stored.map { if case .integer(let number) = $0 { number } else { -1 } }
            case (.price(let index), .integer(let answer)):
                let coin = batch.prices.entries[index].value
                receipt.prices.add(answer)
                receipt.note(answer, hash: keys.price(coin.key), set: keys.coins(in: coin.vsCurrency))
            case (.candle(let index), .integer(let answer)):
                let coin = batch.candles.entries[index].value.key
                receipt.candles.add(answer)
                receipt.note(answer, hash: keys.candle(coin), set: keys.candles(coin))
            case (.alert, .integer(let answer)):
                receipt.alerts.add(answer)
                receipt.note(answer, hash: "", set: keys.alerts)
            default: failure = failure ?? RedisError(.refused, "Redis answers a script with \(reply)")
            }
        }
        return (receipt, failure)
    }

    private func load(on connection: RedisConnection) throws(RedisError) {
        encoder.priceHash = try connection.call(["SCRIPT", "LOAD", CacheScript.price.text]).text ?? ""
        encoder.candleHash = try connection.call(["SCRIPT", "LOAD", CacheScript.candle.text]).text ?? ""
        encoder.alertHash = try connection.call(["SCRIPT", "LOAD", CacheScript.alert.text]).text ?? ""
        encoder.positionsHash = try connection.call(["SCRIPT", "LOAD", CacheScript.positions.text]).text ?? ""
    }
}

extension CacheReceipt.Count {
    /// Counts a script's answer; a value whose key is in the way is neither.
    fileprivate mutating func add(_ answer: Int64) {
        if answer & 3 != 0 {
            written += 1
        } else if answer == 0 {
            older += 1
        }
    }

    fileprivate mutating func add(_ other: CacheReceipt.Count) {
        written += other.written
        older += other.older
    }

    /// What was written before was found as not newer now.
    fileprivate mutating func movedFromOlder(_ before: CacheReceipt.Count) {
        written += before.written
        older -= before.written
    }
}

extension CacheReceipt {
    /// Notes which keys are in the way.
    fileprivate mutating func note(_ answer: Int64, hash: @autoclosure () -> String, set: @autoclosure () -> String) {
        if answer & CacheScript.hashInTheWay != 0 { keysInTheWay.append(hash()) }
        if answer & CacheScript.setInTheWay != 0 { keysInTheWay.append(set()) }
    }

    fileprivate mutating func add(_ other: CacheReceipt) {
        prices.add(other.prices)
        candles.add(other.candles)
        alerts.add(other.alerts)
        keysInTheWay += other.keysInTheWay
        positions += other.positions
    }

    fileprivate mutating func movedFromOlder(_ before: CacheReceipt) {
        prices.movedFromOlder(before.prices)
        candles.movedFromOlder(before.candles)
        alerts.movedFromOlder(before.alerts)
    }
}

extension PriceTick {
    fileprivate var key: CoinKey { CoinKey(coinID: coinID, vsCurrency: vsCurrency) }
}

extension PriceAggregate {
    fileprivate var key: CoinKey { CoinKey(coinID: coinID, vsCurrency: vsCurrency) }
}
