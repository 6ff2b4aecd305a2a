import Shared

/// What a page says of a coin in a currency, as it stands there. Every field but the id may be missing or null.
struct PolledRow: Sendable, Hashable {
    /// The coin's id in ticks.
    var id: String
    /// The currency.
    var vsCurrency: String
    /// The ticker symbol.
    var symbol: String?
    /// The display name.
    var name: String?
    /// The price, null for coins without a market.
    var currentPrice: Price?
    /// Market capitalisation; 0 for coins without a known supply.
    var marketCap: Price?
    /// Rank by market capitalisation.
    var marketCapRank: Int?
    /// The rolling 24-hour volume.
    var totalVolume: Price?
    /// The highest price of the last 24 hours; the current price can lie above it.
    var high24h: Price?
    /// The lowest price of the last 24 hours.
    var low24h: Price?
    /// The change over the last 24 hours, in percent.
    var priceChangePercentage24h: Price?
    /// When the price was made; not one clock per page: coins can be months behind.
    var lastUpdated: EventTime?
    /// True when the price had more than 18 decimal places and was rounded.
    var isRounded = false
    /// How many of the row's numbers, the price included, had more than 18 decimal places.
    var roundedNumbers = 0
    /// How many of its optional fields have a value that can't be used: a number out of range, another type.
    var unusableFields = 0
    /// True when the price or the time has a type or a form that it must not have.
    var isMalformed = false

    /// A row that says nothing.
    init(id: String, vsCurrency: String = "") {
        self.id = id
        self.vsCurrency = vsCurrency
    }

    /// The tick that the row makes.
    /// - Parameters:
    ///   - price: the row's price.
    ///   - source: who says so.
    ///   - timestamp: the event time.
    ///   - ingestedAt: when the answer arrived.
    func tick(price: Price, source: String, timestamp: EventTime, ingestedAt: EventTime) -> PriceTick {
        PriceTick(
            coinID: id,
            symbol: symbol ?? id,
            name: name ?? id,
            vsCurrency: vsCurrency,
            price: price,
            marketCap: marketCap,
            marketCapRank: marketCapRank,
            totalVolume: totalVolume,
            high24h: high24h,
            low24h: low24h,
            priceChangePercentage24h: priceChangePercentage24h,
            timestamp: timestamp,
            ingestedAt: ingestedAt,
            source: source
        )
    }
}
