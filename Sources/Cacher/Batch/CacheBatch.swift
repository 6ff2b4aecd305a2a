import Shared

/// What some polls of Kafka brought, reduced to what Redis has to hear of.
///
/// Records' bytes are copied into one buffer; of the ticks only the newest of each coin is made into anything, and only
/// when it is written.
public struct CacheBatch {
    /// The bytes of a record, as a range of the batch's buffer.
    struct Record: Sendable {
        var start: Int
        var count: Int
    }

    /// The newest tick of a coin.
    struct Tick: Sendable {
        /// How new it is.
        var version: CacheVersion
        /// The tick, its texts as ranges of its record.
        var tick: ScannedTick
        /// What is published.
        var record: Record
        /// The coin's number in ``CacheBatch/coins``.
        var coin: Int
        /// When its record was written, for a tick that doesn't say when it was received.
        var recordTime: EventTime?
        /// It is written and not published.
        var isSilent: Bool
    }

    /// A coin's windows of one kind, as one number.
    typealias Series = Int

    /// The newest revision of a window of a coin.
    struct Candle: Sendable {
        /// Which windows it is one of.
        var series: Series
        /// The number of their kind in ``CacheBatch/coins``.
        var window: Int
        /// How new it is.
        var version: CacheVersion
        /// The window.
        var value: PriceAggregate
        /// What is published.
        var record: Record
        /// The coin's number in ``CacheBatch/coins``.
        var coin: Int
        /// It is written and not published.
        var isSilent: Bool
    }

    /// An alert, and whether subscribers have to hear of it.
    struct Alert: Sendable {
        /// The alert.
        var value: PriceAlert
        /// What is kept and published.
        var record: Record
        /// It is kept and not published.
        var isSilent: Bool
    }

    /// A window of a coin.
    private struct CandleKey: Hashable {
        var series: Series
        var start: Int64
    }

    /// What of what a batch brings is published, or put into streams, beside the newest.
    public struct Extent: Sendable, Hashable {
        /// Every tick that is newer than the one before is written and published, not only the last one of each coin.
        public var publishesAll: Bool
        /// Every record goes into a stream.
        public var hasStreams: Bool

        /// Makes one; without anything only the newest is written and published.
        public init(publishesAll: Bool = false, hasStreams: Bool = false) {
            (self.publishesAll, self.hasStreams) = (publishesAll, hasStreams)
        }
    }

    /// A record of which a stream hears.
    struct Streamed: Sendable {
        var kind: RecordKind
        var record: Record
    }

    /// The coins' numbers.
    public let coins: CoinTable
    private let extent: Extent
    /// Every record that is new, in the order in which they came; none without streams.
    private(set) var streamed: [Streamed] = []
    /// The newest tick per coin, in the order in which the coins first appeared.
    private(set) var ticks: [Tick] = []
    /// The newest revision of each candle, in the order in which they first appeared.
    private(set) var candles: [Candle] = []
    /// Every alert: two of one coin are two pieces of news.
    private(set) var alerts: [Alert] = []
    /// When each tick that is published was ingested, in µs since the epoch, also of those that a newer one replaced: the
    /// measure of how long it took until Redis held that price or a newer one.
    public private(set) var ingestedAt: [Int64] = []
    /// How many ticks and candles a newer one of the same batch replaced.
    public private(set) var supersededCount = 0
    /// How many ticks, candles and alerts lie so far in the future that they can't be true.
    public private(set) var tooEarlyCount = 0
    private var bytes: [UInt8] = []
    private var candlePlaces: [CandleKey: Int] = [:]
    private var lastCandles: [Series: Int] = [:]
    private var number: Int

    /// Makes an empty batch.
    /// - Parameter coins: the numbers of the coins, which other batches and the writer share.
    public init(coins: CoinTable = CoinTable(), extent: Extent = Extent()) {
        self.coins = coins
        self.extent = extent
        number = coins.startBatch()
    }

    /// True when there is nothing to write.
    public var isEmpty: Bool {
        ticks.isEmpty && candles.isEmpty && alerts.isEmpty
    }

    /// The bytes of a record.
    @_lifetime(borrow self)
    func bytes(of record: Record) -> Span<UInt8> {
        bytes.span.extracting(record.start..<(record.start &+ record.count))
    }

    /// The place of the newest of a coin's candles of one kind.
    func lastCandle(of series: Series) -> Int? { lastCandles[series] }

    /// Takes a tick in, unless it is from the future: it would win against every true price to come.
    /// - Parameters:
    ///   - record: the bytes it was read from.
    ///   - recordTime: when the record was written, for a tick that doesn't say when it was received.
    ///   - offset: its record's offset, which decides between ticks of the same event time.
    ///   - latest: the latest event time that can be true.
    ///   - now: the time of the clock, when the minute that is open is to be kept.
    ///   - isSilent: it is written and not published.
    /// - Returns: why it is refused, if it is.
    @discardableResult
    public mutating func add(
        _ tick: ScannedTick,
        of record: Span<UInt8>,
        recordTime: @autoclosure () -> EventTime? = nil,
        offset: Int64,
        latest: EventTime,
        now: EventTime? = nil,
        isSilent: Bool = false
    ) -> String? {
        if let reason = tooEarly("timestamp", tick.timestamp, latest) { return reason }
        let recordTime = tick.ingestedAt == nil ? recordTime() : nil
        if !isSilent { ingestedAt.append((tick.ingestedAt ?? recordTime ?? tick.timestamp).microseconds) }
        let version = CacheVersion(timeMicroseconds: tick.timestamp.microseconds, order: offset)
        let coin = tick.coinID.withUTF8(in: record) { id in
            tick.vsCurrency.withUTF8(in: record) { coins.number(id: id, currency: $0) }
        }
        if let now {
            let time = tick.timestamp.microseconds
            let part = OpenTick(microseconds: time, offset: offset, price: tick.price, size: tick.size)
            coins.open.take(part, of: coin, now: now, latest: latest)
        }
        let place = coins.place(of: coin, in: number)
        let isNext = extent.publishesAll && !isSilent && place.map { version > ticks[$0].version } == true
        guard let place, !isNext else {
            coins.setPlace(ticks.count, of: coin, in: number)
            let kept = keep(record)
            stream(.price, kept, isSilent)
            ticks.append(
                Tick(
                    version: version,
                    tick: tick,
                    record: kept,
                    coin: coin,
                    recordTime: recordTime,
                    isSilent: isSilent
                )
            )
            return nil
        }
        supersededCount += 1
        if extent.hasStreams { stream(.price, keep(record), isSilent) }
        guard version > ticks[place].version else { return nil }
        ticks[place].version = version
        ticks[place].tick = tick
        ticks[place].record = keep(record, in: ticks[place].record)
        ticks[place].recordTime = recordTime
        ticks[place].isSilent = isSilent
        return nil
    }

    /// Takes a closed window in, unless it is of one kind too many, or from the future.
    /// - Parameters:
    ///   - record: the bytes it was read from.
    ///   - latest: the latest event time that can be true.
    ///   - isSilent: it is written and not published.
    /// - Returns: why it is refused, if it is.
    @discardableResult
    public mutating func add(
        _ candle: PriceAggregate,
        of record: Span<UInt8>,
        latest: EventTime,
        isSilent: Bool = false
    ) -> String? {
        if let reason = tooEarly("window_start", candle.windowStart, latest) { return reason }
        let length = candle.windowEnd.microseconds &- candle.windowStart.microseconds
        guard let window = coins.number(of: CoinTable.Window(kind: candle.window, microseconds: length)) else {
            return "there are more than \(CoinTable.maximumWindows) kinds of windows"
        }
        let version = CacheVersion(
            timeMicroseconds: candle.windowStart.microseconds,
            order: Int64(candle.revision)
        )
        let coin = coins.number(id: candle.coinID.utf8.span, currency: candle.vsCurrency.utf8.span)
        let series = coin * CoinTable.maximumWindows + window
        let key = CandleKey(series: series, start: candle.windowStart.microseconds)
        guard let place = candlePlaces[key] else {
            candlePlaces[key] = candles.count
            let kept = keep(record)
            stream(.candle, kept, isSilent)
            if lastCandles[series].map({ candles[$0].version < version }) ?? true {
                lastCandles[series] = candles.count
            }
            candles.append(
                Candle(
                    series: series,
                    window: window,
                    version: version,
                    value: candle,
                    record: kept,
                    coin: coin,
                    isSilent: isSilent
                )
            )
            return nil
        }
        supersededCount += 1
        if extent.hasStreams { stream(.candle, keep(record), isSilent) }
        guard version > candles[place].version else { return nil }
        let kept = keep(record, in: candles[place].record)
        candles[place].version = version
        candles[place].value = candle
        candles[place].record = kept
        candles[place].isSilent = isSilent
        return nil
    }

    /// Takes an alert in, unless it is from the future: only the latest ones are kept, so it would stay for ever.
    /// - Parameters:
    ///   - record: the bytes it was read from.
    ///   - latest: the latest event time that can be true.
    ///   - isSilent: it is kept and not published.
    /// - Returns: why it is refused, if it is.
    @discardableResult
    public mutating func add(
        _ alert: PriceAlert,
        of record: Span<UInt8>,
        latest: EventTime,
        isSilent: Bool = false
    ) -> String? {
        if let reason = tooEarly("triggered_at", alert.triggeredAt, latest) { return reason }
        let kept = keep(record)
        stream(.alert, kept, isSilent)
        alerts.append(Alert(value: alert, record: kept, isSilent: isSilent))
        return nil
    }

    private mutating func tooEarly(_ field: String, _ time: EventTime, _ latest: EventTime) -> String? {
        guard time > latest else { return nil }
        tooEarlyCount += 1
        return "\(field) is \(time), which is more than CACHER_MAX_FUTURE ahead of the clock"
    }

    private mutating func stream(_ kind: RecordKind, _ record: Record, _ isSilent: Bool) {
        if extent.hasStreams, !isSilent { streamed.append(Streamed(kind: kind, record: record)) }
    }

    /// Copies a record behind the others.
    private mutating func keep(_ record: Span<UInt8>) -> Record {
        let start = bytes.count
        record.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        return Record(start: start, count: record.count)
    }

    /// Copies a record into the place of one that it replaces, if it fits.
    private mutating func keep(_ record: Span<UInt8>, in old: Record) -> Record {
        guard !extent.hasStreams, record.count <= old.count else { return keep(record) }
        bytes.withUnsafeMutableBufferPointer { bytes in
            record.withUnsafeBufferPointer { record in
                guard let target = bytes.baseAddress, let source = record.baseAddress else { return }
                (target + old.start).update(from: source, count: record.count)
            }
        }
        return Record(start: old.start, count: record.count)
    }

    /// Forgets everything and keeps the memory, unless it was an uncommon lot.
    public mutating func removeAll() {
        ticks.removeAll(keepingCapacity: ticks.capacity <= Self.keptTicks)
        candles.removeAll(keepingCapacity: true)
        alerts.removeAll(keepingCapacity: true)
        ingestedAt.removeAll(keepingCapacity: true)
        streamed.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
        candlePlaces.removeAll(keepingCapacity: true)
        lastCandles.removeAll(keepingCapacity: true)
        supersededCount = 0
        tooEarlyCount = 0
        number = coins.startBatch()
    }

    private static let keptBytes = 2 << 20
    private static let keptTicks = 8_192
}
