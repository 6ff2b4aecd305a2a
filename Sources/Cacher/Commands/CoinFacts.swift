import Shared

/// Everything that Redis holds of one coin.
struct CoinFacts {
    /// A field of a hash, as it stands there.
    struct Field {
        var name: String
        var value: String
    }

    /// The latest price in one currency.
    struct Quote {
        var vsCurrency: String
        var fields: [Field]
    }

    /// The candles of one length in one currency.
    struct Candles {
        var vsCurrency: String
        var window: String
        /// Of the latest one; empty when there is none.
        var latest: [Field] = []
        var history: History?
        /// The minute that is open, as it stands in Redis.
        var open: [UInt8]?
    }

    /// The sorted set of earlier candles.
    struct History {
        var count: Int
        /// The starts of the first and the last one, in milliseconds since 1970.
        var from: Int64?
        var to: Int64?
        /// As many of the latest as were asked for, oldest first.
        var entries: [[UInt8]]
    }

    var coinID: String
    /// By currency.
    var quotes: [Quote]
    /// By currency and length.
    var candles: [Candles]
    /// The latest alert about it that Redis has.
    var alert: PriceAlert?
}

extension [CoinFacts.Field] {
    /// The value of a field.
    subscript(_ name: String) -> String? {
        first { $0.name == name }?.value
    }
}
