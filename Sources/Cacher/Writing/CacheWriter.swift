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
    ///   batch has to be written again.
    public func write(_ batch: CacheBatch) throws(RedisError) -> CacheReceipt {
        var receipt = CacheReceipt()
        do throws(RedisError) {
            if connection == nil { try connect() }
            encoder.beginBatch()
            for entry in batch.prices.entries {
                encoder.append(entry.value, version: entry.version, to: &pipeline)
                try flush(into: \.prices, of: &receipt, atLeast: Self.commandsPerRoundTrip)
            }
            try flush(into: \.prices, of: &receipt)
            for entry in batch.candles.entries {
                encoder.append(entry.value, version: entry.version, to: &pipeline)
                try flush(into: \.candles, of: &receipt, atLeast: Self.commandsPerRoundTrip)
            }
            try flush(into: \.candles, of: &receipt)
            for alert in batch.alerts {
                encoder.append(alert, to: &pipeline)
                try flush(into: \.alerts, of: &receipt, atLeast: Self.commandsPerRoundTrip)
            }
            try flush(into: \.alerts, of: &receipt)
        } catch {
            pipeline.removeAll()
            connection = nil
            throw error
        }
        return receipt
    }

    /// Sends commands that belong to no batch, and waits for their answers; connects if there is no connection.
    /// - Throws: the first error of a command, or the loss of the connection.
    func call(_ commands: inout RedisPipeline) throws(RedisError) -> [RedisReply] {
        do throws(RedisError) {
            if connection == nil { try connect() }
            return try connection?.replies(to: &commands) ?? []
        } catch {
            connection = nil
            throw error
        }
    }

    /// Sends what is in the pipeline if it holds enough commands.
    private func flush(
        into kind: WritableKeyPath<CacheReceipt, CacheReceipt.Count>,
        of receipt: inout CacheReceipt,
        atLeast minimum: Int = 1
    ) throws(RedisError) {
        guard pipeline.count >= minimum, let connection else { return }
        let start = ContinuousClock.now
        var (count, failure) = try run(on: connection)
        if failure?.kind == .scriptMissing {
            // The server was restarted or its scripts were flushed. What did run is found again as not newer.
            try load(on: connection)
            let written = count.written
            (count, failure) = try run(on: connection)
            count.written += written
            count.older -= written
        }
        if let failure { throw failure }
        pipeline.removeAll()
        receipt[keyPath: kind].written += count.written
        receipt[keyPath: kind].older += count.older
        receipt.roundTrips.append(ContinuousClock.now - start)
    }

    private func run(on connection: RedisConnection) throws(RedisError) -> (CacheReceipt.Count, RedisError?) {
        var count = CacheReceipt.Count()
        var failure: RedisError?
        try connection.run(&pipeline) { _, reply in
            switch reply {
            case .integer(1), .integer(2): count.written += 1
            case .integer: count.older += 1
            case .error(let error): failure = failure ?? error
            default: failure = failure ?? RedisError(.refused, "Redis answers a script with \(reply)")
            }
        }
        return (count, failure)
    }

    private func load(on connection: RedisConnection) throws(RedisError) {
        encoder.priceHash = try connection.call(["SCRIPT", "LOAD", CacheScript.price.text]).text ?? ""
        encoder.candleHash = try connection.call(["SCRIPT", "LOAD", CacheScript.candle.text]).text ?? ""
        encoder.alertHash = try connection.call(["SCRIPT", "LOAD", CacheScript.alert.text]).text ?? ""
    }
}
