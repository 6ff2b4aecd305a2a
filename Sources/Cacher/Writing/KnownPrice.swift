import Shared

/// What a coin's price hash holds, as far as it need not be sent again: known to the writer that has written it and that
/// nobody else can have come between.
struct KnownPrice: Sendable {
    /// The optional fields of the hash, in the order in which they are written.
    struct Fields: OptionSet, Sendable {
        let rawValue: UInt16

        static let size = Fields(rawValue: 1 << 0)
        static let tradeID = Fields(rawValue: 1 << 1)
        static let side = Fields(rawValue: 1 << 2)
        static let marketCap = Fields(rawValue: 1 << 3)
        static let marketCapRank = Fields(rawValue: 1 << 4)
        static let totalVolume = Fields(rawValue: 1 << 5)
        static let high24h = Fields(rawValue: 1 << 6)
        static let low24h = Fields(rawValue: 1 << 7)
        static let change24h = Fields(rawValue: 1 << 8)
        static let symbol = Fields(rawValue: 1 << 9)
        static let name = Fields(rawValue: 1 << 10)
        static let source = Fields(rawValue: 1 << 11)
        /// What never changes.
        static let identity = Fields(rawValue: 1 << 12)

        static let all = Fields(rawValue: 1 << 13 - 1)

        /// How many there are.
        var count: Int { rawValue.nonzeroBitCount }
    }

    /// How new it is.
    private(set) var version: CacheVersion
    /// When its time to live is set anew, in ms of a clock that never goes back; then and later it isn't sure to be there.
    var renewal: Int64
    /// The fields that are there.
    private(set) var fields: Fields
    private(set) var rank: Int?
    private(set) var marketCap: Price?
    private(set) var totalVolume: Price?
    private var high: Price?
    private var low: Price?
    private var change: Price?
    /// Symbol, name and source as they stood in the record, one behind the other, and how long each is.
    private var texts: [UInt8] = []
    private var counts: (symbol: Int32, name: Int32, source: Int32) = (0, 0, 0)

    /// What is there when a tick was written whole.
    init(_ tick: ScannedTick, in record: Span<UInt8>, version: CacheVersion, renewal: Int64) {
        self.version = version
        self.renewal = renewal
        fields = tick.fields
        remember(tick, version)
        rememberTexts(tick, record)
    }

    /// The fields of a tick that have to be sent, those of a trade always.
    func changes(to tick: ScannedTick, in record: Span<UInt8>) -> Fields {
        var changed = tick.fields.subtracting(fields).union(tick.fields.intersection([.size, .tradeID, .side]))
        if tick.marketCap != marketCap, tick.marketCap != nil { changed.insert(.marketCap) }
        if tick.marketCapRank != rank, tick.marketCapRank != nil { changed.insert(.marketCapRank) }
        if tick.totalVolume != totalVolume, tick.totalVolume != nil { changed.insert(.totalVolume) }
        if tick.high24h != high, tick.high24h != nil { changed.insert(.high24h) }
        if tick.low24h != low, tick.low24h != nil { changed.insert(.low24h) }
        if tick.priceChangePercentage24h != change, tick.priceChangePercentage24h != nil { changed.insert(.change24h) }
        let (first, second) = (Int(counts.symbol), Int(counts.symbol) + Int(counts.name))
        let known = texts.span
        if !ByteSequence.equal(known.extracting(..<first), tick.symbol.rawBytes(in: record)) { changed.insert(.symbol) }
        if !ByteSequence.equal(known.extracting(first..<second), tick.name.rawBytes(in: record)) {
            changed.insert(.name)
        }
        if !ByteSequence.equal(known.extracting(second...), tick.source.rawBytes(in: record)) {
            changed.insert(.source)
        }
        return changed
    }

    /// The tick is written, with these changes.
    mutating func wrote(_ tick: ScannedTick, in record: Span<UInt8>, version: CacheVersion, _ changes: Fields) {
        fields = tick.fields
        remember(tick, version)
        if !changes.isDisjoint(with: [.symbol, .name, .source]) { rememberTexts(tick, record) }
    }

    private mutating func remember(_ tick: ScannedTick, _ version: CacheVersion) {
        self.version = version
        rank = tick.marketCapRank
        marketCap = tick.marketCap
        totalVolume = tick.totalVolume
        high = tick.high24h
        low = tick.low24h
        change = tick.priceChangePercentage24h
    }

    private mutating func rememberTexts(_ tick: ScannedTick, _ record: Span<UInt8>) {
        texts.removeAll(keepingCapacity: true)
        for text in [tick.symbol, tick.name, tick.source] {
            text.rawBytes(in: record).withUnsafeBufferPointer { texts.append(contentsOf: $0) }
        }
        counts = (Int32(tick.symbol.count), Int32(tick.name.count), Int32(tick.source.count))
    }
}

extension ScannedTick {
    /// The optional fields of the hash that the tick has a value for. `source` has one always.
    var fields: KnownPrice.Fields {
        var fields: KnownPrice.Fields = [.source, .identity]
        if size != nil { fields.insert(.size) }
        if tradeID != nil { fields.insert(.tradeID) }
        if side != nil { fields.insert(.side) }
        if marketCap != nil { fields.insert(.marketCap) }
        if marketCapRank != nil { fields.insert(.marketCapRank) }
        if totalVolume != nil { fields.insert(.totalVolume) }
        if high24h != nil { fields.insert(.high24h) }
        if low24h != nil { fields.insert(.low24h) }
        if priceChangePercentage24h != nil { fields.insert(.change24h) }
        if symbol.count > 0 { fields.insert(.symbol) }
        if name.count > 0 { fields.insert(.name) }
        return fields
    }
}
