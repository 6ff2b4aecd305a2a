/// A ``PriceTick`` as it is read on the way of every message: numbers and times as values, texts as ranges of the
/// record's bytes. Reading one allocates nothing.
public struct ScannedTick: Sendable, Hashable {
    /// CoinGecko's id of the coin; the record's key.
    public var coinID: JSONText
    /// The ticker symbol; empty when the tick doesn't say.
    public var symbol: JSONText
    /// The display name; empty when the tick doesn't say.
    public var name: JSONText
    /// The currency the price is in.
    public var vsCurrency: JSONText
    /// The price of one coin in `vsCurrency`.
    public var price: Price
    /// How much was traded at this price, in base units, when the tick is a trade.
    public var size: Price?
    /// What the exchange calls the trade; nil when the tick doesn't say.
    public var tradeID: JSONText?
    /// The taker's side of the trade.
    public var side: TradeSide?
    /// Market capitalisation in `vsCurrency`.
    public var marketCap: Price?
    /// Rank by market capitalisation, from 1.
    public var marketCapRank: Int?
    /// The rolling 24-hour volume in `vsCurrency`.
    public var totalVolume: Price?
    /// The highest price of the last 24 hours.
    public var high24h: Price?
    /// The lowest price of the last 24 hours.
    public var low24h: Price?
    /// The change of the price over the last 24 hours, in percent.
    public var priceChangePercentage24h: Price?
    /// Event time: when the source says that the price was true.
    public var timestamp: EventTime
    /// When the Ingestor received it; nil when the tick doesn't say: see ``ingestedAt(orRecordTime:)``.
    public var ingestedAt: EventTime?
    /// Where it came from; empty when the tick doesn't say: see ``withSource(in:_:)``.
    public var source: JSONText

    /// Reads a tick: unknown fields are ignored, `null` is the same as an optional field that isn't there.
    ///
    /// What comes out is valid: no reader has to look again.
    /// - Throws: ``JSONError`` when the bytes aren't one JSON object of that shape, or the tick has a ``PriceTick/fault``.
    @inlinable
    public init(json record: Span<UInt8>) throws(JSONError) {
        // Inlined, so that the fields are read into where the caller has them: they are 369 bytes to copy.
        self.init()
        try read(record)
    }

    @usableFromInline
    init() {
        let noText = JSONText(start: 0, count: 0, isEscaped: false)
        (coinID, symbol, name, vsCurrency, source) = (noText, noText, noText, noText, noText)
        (price, timestamp) = (.zero, .earliest)
    }

    @usableFromInline
    mutating func read(_ record: Span<UInt8>) throws(JSONError) {
        try PriceTick.fields.readObject(record) { field, scanner throws(JSONError) in
            try read(field, from: &scanner)
        }
        if !isPlainlyValid, let fault = tick(in: record).fault {
            throw JSONError(.invalidValue(fault), at: record.count)
        }
    }

    /// Whether it needs no closer look: as the texts stand, in one pass over numbers that are there already. An escape
    /// makes a text longer than it is, and could be that of U+0000; so what has some is looked at closely.
    @inline(__always)
    private var isPlainlyValid: Bool {
        !coinID.isEscaped && 1...RecordLimit.coinID ~= coinID.count
            && !vsCurrency.isEscaped && 1...RecordLimit.vsCurrency ~= vsCurrency.count
            && !source.isEscaped && source.count <= RecordLimit.source
            && symbol.count <= RecordLimit.symbol && name.count <= RecordLimit.name
            && price >= .zero && price < RecordLimit.price && isPlainlyValidTrade
            && Int32(exactly: marketCapRank ?? 0) != nil
    }

    @inline(__always)
    private var isPlainlyValidTrade: Bool {
        if let size, size < .zero || size >= RecordLimit.price { return false }
        guard let tradeID else { return true }
        return !tradeID.isEscaped && 1...RecordLimit.tradeID ~= tradeID.count
    }

    @inline(__always)
    private mutating func read(_ field: PriceTick.Field, from scanner: inout JSONScanner) throws(JSONError) {
        switch field {
        case .coinID: coinID = try scanner.text()
        case .symbol: symbol = try scanner.optionalText()
        case .name: name = try scanner.optionalText()
        case .vsCurrency: vsCurrency = try scanner.text()
        case .price: price = try scanner.price()
        case .size, .tradeID, .side: try readTrade(field, from: &scanner)
        case .marketCap: marketCap = try scanner.optionalPrice()
        case .marketCapRank: marketCapRank = try scanner.isNull() ? nil : scanner.integer()
        case .totalVolume: totalVolume = try scanner.optionalPrice()
        case .high24h: high24h = try scanner.optionalPrice()
        case .low24h: low24h = try scanner.optionalPrice()
        case .priceChangePercentage24h: priceChangePercentage24h = try scanner.optionalPrice()
        case .timestamp: timestamp = try scanner.eventTime()
        case .ingestedAt: ingestedAt = try scanner.isNull() ? nil : scanner.eventTime()
        case .source: source = try scanner.optionalText()
        }
    }

    /// Out of line: in the middle of the others its code costs every tick more than a trade pays for the call.
    @inline(never)
    private mutating func readTrade(
        _ field: PriceTick.Field,
        from scanner: inout JSONScanner
    ) throws(JSONError) {
        switch field {
        case .size: size = try scanner.optionalPrice()
        case .tradeID: tradeID = try scanner.isNull() ? nil : scanner.text()
        default: side = try scanner.isNull() ? nil : scanner.choice()
        }
    }

    /// When it was received: what it says itself, or else when its record was written, or else its event time.
    @inline(__always)
    public func ingestedAt(orRecordTime recordTime: @autoclosure () -> EventTime?) -> EventTime {
        ingestedAt ?? recordTime() ?? timestamp
    }

    /// Calls `body` with the UTF-8 of the source: ``PriceTick/unknownSource`` when the tick doesn't say.
    @inline(__always)
    public func withSource<Result>(in record: Span<UInt8>, _ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        if source.count > 0 { return try source.withUTF8(in: record, body) }
        let unknown = PriceTick.unknownSource
        return try body(
            Span(_unsafeStart: unknown.utf8Start, count: unknown.utf8CodeUnitCount)
        )
    }

    /// The tick with its texts made into strings.
    /// - Parameters:
    ///   - record: the bytes it was read from.
    ///   - recordTime: when the record was written, for a tick that doesn't say when it was received.
    public func tick(in record: Span<UInt8>, recordTime: EventTime? = nil) -> PriceTick {
        PriceTick(
            coinID: coinID.string(in: record),
            symbol: symbol.string(in: record),
            name: name.string(in: record),
            vsCurrency: vsCurrency.string(in: record),
            price: price,
            size: size,
            tradeID: tradeID?.string(in: record),
            side: side,
            marketCap: marketCap,
            marketCapRank: marketCapRank,
            totalVolume: totalVolume,
            high24h: high24h,
            low24h: low24h,
            priceChangePercentage24h: priceChangePercentage24h,
            timestamp: timestamp,
            ingestedAt: ingestedAt(orRecordTime: recordTime),
            source: source.count > 0 ? source.string(in: record) : "\(PriceTick.unknownSource)"
        )
    }
}
