/// A ``PriceTick`` as it is read on the way of every message: numbers and times as values, texts as ranges of the
/// record's bytes. Reading one allocates nothing.
public struct ScannedTick: Sendable, Hashable {
    /// CoinGecko's id of the coin; the record's key.
    public var coinID: JSONText
    /// The ticker symbol.
    public var symbol: JSONText
    /// The display name.
    public var name: JSONText
    /// The currency the price is in.
    public var vsCurrency: JSONText
    /// The price of one coin in `vsCurrency`.
    public var price: Price
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
    /// When the Ingestor received it.
    public var ingestedAt: EventTime
    /// Where it came from.
    public var source: JSONText

    /// Reads a tick: unknown fields are passed over, `null` is the same as an optional field that isn't there.
    /// - Throws: ``JSONError`` when the bytes aren't one JSON object of that shape.
    public init(json record: Span<UInt8>) throws(JSONError) {
        let noText = JSONText(start: 0, count: 0, isEscaped: false)
        (coinID, symbol, name, vsCurrency, source) = (noText, noText, noText, noText, noText)
        (price, timestamp, ingestedAt) = (.zero, .earliest, .earliest)
        try PriceTick.fields.readObject(record) { field, scanner throws(JSONError) in
            try read(field, from: &scanner)
        }
    }

    @inline(__always)
    private mutating func read(_ field: PriceTick.Field, from scanner: inout JSONScanner) throws(JSONError) {
        switch field {
        case .coinID: coinID = try scanner.text()
        case .symbol: symbol = try scanner.text()
        case .name: name = try scanner.text()
        case .vsCurrency: vsCurrency = try scanner.text()
        case .price: price = try scanner.price()
        case .marketCap: marketCap = try scanner.optionalPrice()
        case .marketCapRank: marketCapRank = try scanner.isNull() ? nil : scanner.integer()
        case .totalVolume: totalVolume = try scanner.optionalPrice()
        case .high24h: high24h = try scanner.optionalPrice()
        case .low24h: low24h = try scanner.optionalPrice()
        case .priceChangePercentage24h: priceChangePercentage24h = try scanner.optionalPrice()
        case .timestamp: timestamp = try scanner.eventTime()
        case .ingestedAt: ingestedAt = try scanner.eventTime()
        case .source: source = try scanner.text()
        }
    }

    /// The tick with its texts made into strings.
    /// - Parameter record: the bytes it was read from.
    public func tick(in record: Span<UInt8>) -> PriceTick {
        PriceTick(
            coinID: coinID.string(in: record),
            symbol: symbol.string(in: record),
            name: name.string(in: record),
            vsCurrency: vsCurrency.string(in: record),
            price: price,
            marketCap: marketCap,
            marketCapRank: marketCapRank,
            totalVolume: totalVolume,
            high24h: high24h,
            low24h: low24h,
            priceChangePercentage24h: priceChangePercentage24h,
            timestamp: timestamp,
            ingestedAt: ingestedAt,
            source: source.string(in: record)
        )
    }
}
