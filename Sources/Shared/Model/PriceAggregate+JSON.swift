/// The JSON of `prices.aggregates.*`.
extension PriceAggregate {
    private enum Field: String, CaseIterable, Sendable {
        case coinID = "coin_id"
        case vsCurrency = "vs_currency"
        case window
        case windowStart = "window_start"
        case windowEnd = "window_end"
        case open
        case high
        case low
        case close
        case average
        case sampleCount = "sample_count"
        case tradeCount = "trade_count"
        case volume
        case quoteVolume = "quote_volume"
        case vwap
        case totalVolume = "total_volume"
        case firstTickAt = "first_tick_at"
        case lastTickAt = "last_tick_at"
        case revision
        case synthetic
        case partial
    }

    private static let fields = JSONFields<Field>(
        required: [
            .coinID, .vsCurrency, .window, .windowStart, .windowEnd, .open, .high, .low, .close, .average, .sampleCount,
            .revision, .synthetic,
        ]
    )

    /// Reads an aggregate: unknown fields are ignored, `null` is the same as an optional field that isn't there.
    /// - Throws: ``JSONError`` when the bytes aren't one JSON object of that shape, or the aggregate has a ``fault``.
    public init(json: Span<UInt8>) throws(JSONError) {
        self.init(
            coinID: "",
            vsCurrency: "",
            window: .tumbling,
            windowStart: .earliest,
            windowEnd: .earliest,
            open: .zero,
            high: .zero,
            low: .zero,
            close: .zero,
            average: .zero,
            sampleCount: 0
        )
        try PriceAggregate.fields.readObject(json) { field, scanner throws(JSONError) in
            try read(field, from: &scanner)
        }
        if let fault { throw JSONError(.invalidValue(fault), at: json.count) }
    }

    private mutating func read(_ field: Field, from scanner: inout JSONScanner) throws(JSONError) {
        switch field {
        case .coinID: coinID = try scanner.string()
        case .vsCurrency: vsCurrency = try scanner.string()
        case .window: window = try scanner.choice()
        case .windowStart: windowStart = try scanner.eventTime()
        case .windowEnd: windowEnd = try scanner.eventTime()
        case .open: open = try scanner.price()
        case .high: high = try scanner.price()
        case .low: low = try scanner.price()
        case .close: close = try scanner.price()
        case .average: average = try scanner.price()
        case .sampleCount: sampleCount = try scanner.integer()
        case .tradeCount: tradeCount = try scanner.isNull() ? nil : scanner.integer()
        case .volume: volume = try scanner.optionalPrice()
        case .quoteVolume: quoteVolume = try scanner.optionalPrice()
        case .vwap: vwap = try scanner.optionalPrice()
        case .totalVolume: totalVolume = try scanner.optionalPrice()
        case .firstTickAt: firstTickAt = try scanner.isNull() ? nil : scanner.eventTime()
        case .lastTickAt: lastTickAt = try scanner.isNull() ? nil : scanner.eventTime()
        case .revision: revision = try scanner.integer()
        case .synthetic: synthetic = try scanner.bool()
        case .partial: partial = try scanner.isNull() ? false : scanner.bool()
        }
    }

    /// Writes the aggregate as one JSON object; fields without a value are left out.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("coin_id", coinID)
        writer.member("vs_currency", vsCurrency)
        writer.member("window", window.rawValue)
        writer.member("window_start", windowStart)
        writer.member("window_end", windowEnd)
        writer.member("open", open)
        writer.member("high", high)
        writer.member("low", low)
        writer.member("close", close)
        writer.member("average", average)
        writer.member("sample_count", sampleCount)
        writer.member("trade_count", tradeCount)
        writer.member("volume", volume)
        writer.member("quote_volume", quoteVolume)
        writer.member("vwap", vwap)
        writer.member("total_volume", totalVolume)
        writer.member("first_tick_at", firstTickAt)
        writer.member("last_tick_at", lastTickAt)
        writer.member("revision", revision)
        writer.member("synthetic", synthetic)
        writer.member("partial", partial)
        writer.endObject()
    }
}
