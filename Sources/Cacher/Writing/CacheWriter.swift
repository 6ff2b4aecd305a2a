import Shared

/// Writes batches to Redis and says what became of them.
///
/// It belongs to the thread that made it. It connects when there is something to write, and again after an error. A
/// batch may be written any number of times: what is there already is left out.
///
/// A batch goes in transactions. A coin's first value since the partitions were claimed is compared by a script with what is
/// there; from then on the writer knows what its keys hold, sends what has changed, and nothing compares again: see
/// ``Ownership`` for why that is safe. A writer without partitions uses the scripts always.
public final class CacheWriter {
    private let open: () throws(RedisError) -> any CommandConnection
    let clocks: Clocks
    private let began: ContinuousClock.Instant
    var encoder: CacheEncoder
    var connection: (any CommandConnection)?
    var pipeline = RedisPipeline()
    /// What the commands of the transaction write.
    var contents: [WrittenValue] = []
    var memory = CacheMemory()
    var ownership = Ownership()
    /// When the time to live of the hash of owners is set anew.
    var ownersRenewal = Int64.max
    /// Whether the movers wait: while Redis is filled each coin has many candles that are the latest for a moment.
    var isFilling = false
    /// The batch that is being written.
    var progress: Progress?

    /// How far a batch is.
    struct Progress {
        var steps: [PositionStep]
        /// Where all positions of ours must stand.
        var check: [PositionStep]
        /// The next of its values: first ticks, then candles, then alerts.
        var next = 0
        /// Whether all of them were sent, and the positions.
        var isComplete = false
        /// The minutes of ``CacheMemory/owedMovers`` that were sent.
        var movers: [ClosedMinute] = []
        /// The values whose hashes have lost fields, and are written whole.
        var repairs: [WrittenValue] = []
        var receipt = CacheReceipt()
        /// What an attempt before had written.
        var before: CacheReceipt?
        var attempts = 1
        var start: ContinuousClock.Instant
    }

    /// Makes a writer; it isn't connected yet.
    /// - Parameters:
    ///   - timeout: how long a connect and an answer may take.
    public convenience init(url: RedisURL, timeout: Duration, encoder: CacheEncoder) {
        self.init(encoder: encoder) { () throws(RedisError) in try RedisConnection(to: url, timeout: timeout) }
    }

    /// Makes a writer; it isn't connected yet.
    /// - Parameter open: makes a connection.
    init(
        encoder: CacheEncoder,
        clocks: Clocks = .system,
        open: @escaping () throws(RedisError) -> any CommandConnection
    ) {
        self.encoder = encoder
        self.clocks = clocks
        self.open = open
        began = clocks.instant()
    }

    /// Milliseconds of a clock that never goes back.
    var now: Int64 {
        Int64((clocks.instant() - began) / .milliseconds(1))
    }

    /// Connects if there is no connection, and makes sure that Redis answers.
    public func connect() throws(RedisError) {
        do throws(RedisError) {
            if let connection {
                try connection.call(["PING"])
            } else {
                let made = try open()
                try load(on: made)
                connection = made
            }
        } catch {
            disconnect()
            throw error
        }
    }

    /// Writes a batch and waits until Redis has acknowledged all of it.
    /// - Throws: the first error of a command, or the loss of the connection; then an unknown part is written, and the
    ///   batch has to be written again. A key of another type is no such error: the receipt names it.
    public func write(_ batch: CacheBatch) throws(RedisError) -> CacheReceipt {
        try write(batch, moving: [])
    }

    /// Writes a batch, and moves positions on in the same transaction, the last when there are several: see
    /// ``send(_:moving:checking:)``.
    func write(
        _ batch: CacheBatch,
        moving steps: [PositionStep],
        checking all: [PositionStep]? = nil
    ) throws(RedisError) -> CacheReceipt {
        try send(batch, moving: steps, checking: all ?? steps)
        return try finish(batch)
    }

    /// Sends a batch that moves no position; ``finish(_:)`` must follow.
    public func send(_ batch: CacheBatch) throws(RedisError) {
        try send(batch, moving: [], checking: [])
    }

    /// Sends a batch, as much of it as one transaction takes; ``finish(_:)`` must follow.
    /// - Parameters:
    ///   - steps: how positions move on with the batch.
    ///   - all: where all positions of ours must stand, also those that the batch has nothing for: a Redis that went back
    ///     to an old copy may have what the batch goes by, and lack what others brought.
    func send(_ batch: CacheBatch, moving steps: [PositionStep], checking all: [PositionStep]) throws(RedisError) {
        try guarding { () throws(RedisError) in
            let wasHeld = ownership.claim != nil
            if connection == nil { try connect() }
            try hold()
            memory.use(batch.coins)
            progress = Progress(steps: steps, check: all, start: clocks.instant())
            // A Redis that comes back may have lost what it had told; then nothing older may be heard.
            if !wasHeld, ownership.claim != nil, case .lost = try look() {
                progress?.receipt.isMade = false
                return
            }
            try findOpen(batch.coins)
            try sendTransaction(of: batch)
        }
    }

    /// Waits until Redis has acknowledged the batch, and sends what is left of it.
    public func finish(_ batch: CacheBatch) throws(RedisError) -> CacheReceipt {
        try guarding { () throws(RedisError) in
            while !contents.isEmpty || progress?.repairs.isEmpty == false {
                switch try receiveTransaction(of: batch) {
                case .made: try sendTransaction(of: batch)
                case .again:
                    guard let done = progress, done.attempts < 4 else {
                        throw RedisError(.unavailable, "others keep claiming what is ours in Redis")
                    }
                    var before = done.receipt
                    if let earlier = done.before { before.movedFromOlder(earlier) }
                    progress = Progress(
                        steps: done.steps,
                        check: done.check,
                        before: before,
                        attempts: done.attempts + 1,
                        start: clocks.instant()
                    )
                    try sendTransaction(of: batch)
                case .lost:
                    progress?.receipt.isMade = false
                    progress?.repairs = []
                    contents.removeAll(keepingCapacity: true)
                }
            }
            guard let progress else { return CacheReceipt() }
            self.progress = nil
            var receipt = progress.receipt
            if let before = progress.before { receipt.movedFromOlder(before) }
            return receipt
        }
    }

    /// What became of a transaction.
    enum Outcome {
        /// It was carried out.
        case made
        /// It wasn't, or not all of it: the batch is to be sent again from its beginning.
        case again
        /// It wasn't, because Redis has lost data.
        case lost
    }

    /// Sends commands that belong to no batch, and waits for their answers; connects if there is no connection.
    /// - Throws: the first error of a command, or the loss of the connection.
    func call(_ commands: inout RedisPipeline) throws(RedisError) -> [RedisReply] {
        do throws(RedisError) {
            if connection == nil { try connect() }
            return try connection?.replies(to: &commands) ?? []
        } catch {
            if error.kind != .keyInTheWay { disconnect() }
            throw error
        }
    }

    func guarding<Result>(_ body: () throws(RedisError) -> Result) throws(RedisError) -> Result {
        do throws(RedisError) {
            return try body()
        } catch {
            disconnect()
            throw error
        }
    }

    private func disconnect() {
        connection = nil
        progress = nil
        pipeline.removeAll()
        contents.removeAll(keepingCapacity: true)
        memory.removeAll()
        ownership.claim = nil
    }

    func load(on connection: any CommandConnection) throws(RedisError) {
        encoder.priceHash = try connection.call(["SCRIPT", "LOAD", CacheScript.price.text]).text ?? ""
        encoder.candleHash = try connection.call(["SCRIPT", "LOAD", CacheScript.candle.text]).text ?? ""
        encoder.alertHash = try connection.call(["SCRIPT", "LOAD", CacheScript.alert.text]).text ?? ""
        encoder.claimHash = try connection.call(["SCRIPT", "LOAD", CacheScript.claim.text]).text ?? ""
        encoder.moversHash = try connection.call(["SCRIPT", "LOAD", CacheScript.movers.text]).text ?? ""
        encoder.sweepHash = try connection.call(["SCRIPT", "LOAD", CacheScript.sweep.text]).text ?? ""
    }
}
