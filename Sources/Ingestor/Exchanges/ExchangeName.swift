/// The exchanges there are, as `INGESTOR_SOURCE` names them.
enum ExchangeName: String, Sendable, CaseIterable {
    /// Coinbase Exchange.
    case coinbase
    /// Kraken.
    case kraken
    /// Binance.
    case binance

    /// Where its feed is, when nothing else is set.
    var feedURL: String {
        switch self {
        case .coinbase: CoinbaseExchange.feedURL
        case .kraken: KrakenExchange.feedURL
        case .binance: BinanceExchange.feedURL
        }
    }

    /// Where its history is, when nothing else is set.
    var restURL: String {
        switch self {
        case .coinbase: CoinbaseExchange.restURL
        case .kraken: KrakenExchange.restURL
        case .binance: BinanceExchange.restURL
        }
    }

    /// The exchange with these products.
    /// - Parameters:
    ///   - feedURL: where the feed is, without a slash at the end.
    ///   - restURL: where the history is, without a slash at the end.
    func exchange(products: [Product], feedURL: String, restURL: String) -> any Exchange {
        switch self {
        case .coinbase: CoinbaseExchange(products: products, feedURL: feedURL, restURL: restURL)
        case .kraken: KrakenExchange(products: products, feedURL: feedURL, restURL: restURL)
        case .binance: BinanceExchange(products: products, feedURL: feedURL, restURL: restURL)
        }
    }
}
