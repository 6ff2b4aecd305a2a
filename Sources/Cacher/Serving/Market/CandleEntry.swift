import Shared

/// A closed minute of a coin's history in Redis: see docs/redis.md for its short names.
struct CandleEntry: Hashable {
    /// The minute's first instant, in milliseconds since 1970.
    var start: Int64 = 0
    var open = Price.zero
    var high = Price.zero
    var low = Price.zero
    var close = Price.zero
    var sampleCount = 0
    var trades = TradeFigures()
    /// The source's rolling 24-hour volume with the closing tick.
    var totalVolume: Price?
    var revision = 0
    var isSynthetic = false
    var isPartial = false

    /// Reads an entry; nil when it isn't one, as another program may write keys of this name.
    init?(json bytes: [UInt8]) {
        do throws(JSONError) {
            try read(bytes.span)
        } catch {
            return nil
        }
        guard (EventTime.earliest.milliseconds...EventTime.latest.milliseconds - 3_600_000).contains(start),
            sampleCount >= 0, trades.count ?? 0 >= 0, revision >= 0
        else { return nil }
    }

    private mutating func read(_ bytes: Span<UInt8>) throws(JSONError) {
        var scanner = JSONScanner(bytes)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("t", in: bytes) {
                start = Int64(try scanner.integer())
            } else if key.equals("o", in: bytes) {
                open = try Self.decimal(&scanner)
            } else if key.equals("h", in: bytes) {
                high = try Self.decimal(&scanner)
            } else if key.equals("l", in: bytes) {
                low = try Self.decimal(&scanner)
            } else if key.equals("c", in: bytes) {
                close = try Self.decimal(&scanner)
            } else if key.equals("v24", in: bytes) {
                totalVolume = try Self.decimal(&scanner)
            } else if key.equals("v", in: bytes) {
                trades.volume = try Self.decimal(&scanner)
            } else if key.equals("q", in: bytes) {
                trades.quoteVolume = try Self.decimal(&scanner)
            } else if key.equals("w", in: bytes) {
                trades.vwap = try Self.decimal(&scanner)
            } else if key.equals("nt", in: bytes) {
                trades.count = try scanner.integer()
            } else if key.equals("n", in: bytes) {
                sampleCount = try scanner.integer()
            } else if key.equals("r", in: bytes) {
                revision = try scanner.integer()
            } else if key.equals("s", in: bytes) {
                isSynthetic = try scanner.bool()
            } else if key.equals("p", in: bytes) {
                isPartial = try scanner.bool()
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.end()
    }

    private static func decimal(_ scanner: inout JSONScanner) throws(JSONError) -> Price {
        let position = scanner.position
        guard let price = Price(try scanner.string()) else { throw JSONError(.expected("a decimal"), at: position) }
        return price
    }
}
