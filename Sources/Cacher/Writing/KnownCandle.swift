import Shared

/// What a coin's candle hash and history hold, as far as the writer that has written them need not ask.
struct KnownCandle: Sendable {
    /// The fields of the hash that may be missing, and those that never change.
    struct Fields: OptionSet, Sendable {
        let rawValue: UInt16

        static let tradeCount = Fields(rawValue: 1 << 0)
        static let volume = Fields(rawValue: 1 << 1)
        static let quoteVolume = Fields(rawValue: 1 << 2)
        static let vwap = Fields(rawValue: 1 << 3)
        static let totalVolume = Fields(rawValue: 1 << 4)
        static let firstTickAt = Fields(rawValue: 1 << 5)
        static let lastTickAt = Fields(rawValue: 1 << 6)
        static let identity = Fields(rawValue: 1 << 7)
        static let all = Fields(rawValue: 1 << 8 - 1)

        /// How many there are.
        var count: Int { rawValue.nonzeroBitCount }
    }

    /// How new the candle of the hash is. In the history no window is later.
    var version: CacheVersion
    /// The optional fields of the hash that are there.
    var fields: Fields
    /// When the time to live of both is set anew, in ms of a clock that never goes back.
    var renewal: Int64
}

extension PriceAggregate {
    /// The optional fields of the hash that the candle has a value for.
    var fields: KnownCandle.Fields {
        var fields: KnownCandle.Fields = .identity
        if tradeCount != nil { fields.insert(.tradeCount) }
        if volume != nil { fields.insert(.volume) }
        if quoteVolume != nil { fields.insert(.quoteVolume) }
        if vwap != nil { fields.insert(.vwap) }
        if totalVolume != nil { fields.insert(.totalVolume) }
        if firstTickAt != nil { fields.insert(.firstTickAt) }
        if lastTickAt != nil { fields.insert(.lastTickAt) }
        return fields
    }
}
