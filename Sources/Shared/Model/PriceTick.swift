/// One observation of one coin's price: the value of a record in `prices.raw`.
public struct PriceTick: Sendable, Hashable {
    /// CoinGecko's id of the coin, for example `bitcoin`; the record's key.
    public var coinID: String
    /// The ticker symbol, for example `btc`; not unique, and empty when the source doesn't say.
    public var symbol: String
    /// The display name, for example `Bitcoin`; empty when the source doesn't say.
    public var name: String
    /// The currency the price is in, for example `usd`.
    public var vsCurrency: String
    /// The price of one coin in `vsCurrency`.
    public var price: Price
    /// How much was traded at this price, in base units, when the tick is a trade.
    public var size: Price?
    /// What the exchange calls the trade; unique within its product.
    ///
    /// A constant: for an optional text that can change, the initializer retains and releases all the texts (Swift 6.3).
    public let tradeID: String?
    /// The taker's side of the trade.
    public var side: TradeSide?
    /// Market capitalisation in `vsCurrency`.
    public var marketCap: Price?
    /// Rank by market capitalisation, from 1.
    public var marketCapRank: Int?
    /// The rolling 24-hour volume in `vsCurrency`; carry the last one, never sum it.
    public var totalVolume: Price?
    /// The highest price of the last 24 hours, in `vsCurrency`.
    public var high24h: Price?
    /// The lowest price of the last 24 hours, in `vsCurrency`.
    public var low24h: Price?
    /// The change of the price over the last 24 hours, in percent.
    public var priceChangePercentage24h: Price?
    /// Event time: when the source says that the price was true.
    public var timestamp: EventTime
    /// When the Ingestor received it.
    public var ingestedAt: EventTime
    /// Where it came from: `coingecko`, `simulator`, `replay`, an exchange, or what another writer calls itself.
    public var source: String

    /// Makes a tick; what the source didn't say is left out.
    public init(
        coinID: String,
        symbol: String,
        name: String,
        vsCurrency: String,
        price: Price,
        size: Price? = nil,
        tradeID: String? = nil,
        side: TradeSide? = nil,
        marketCap: Price? = nil,
        marketCapRank: Int? = nil,
        totalVolume: Price? = nil,
        high24h: Price? = nil,
        low24h: Price? = nil,
        priceChangePercentage24h: Price? = nil,
        timestamp: EventTime,
        ingestedAt: EventTime,
        source: String
    ) {
        self.coinID = coinID
        self.symbol = symbol
        self.name = name
        self.vsCurrency = vsCurrency
        self.price = price
        self.size = size
        self.tradeID = tradeID
        self.side = side
        self.marketCap = marketCap
        self.marketCapRank = marketCapRank
        self.totalVolume = totalVolume
        self.high24h = high24h
        self.low24h = low24h
        self.priceChangePercentage24h = priceChangePercentage24h
        self.timestamp = timestamp
        self.ingestedAt = ingestedAt
        self.source = source
    }
}
