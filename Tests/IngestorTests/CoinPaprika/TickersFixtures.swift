/// Answers in the shape of CoinPaprika's `/tickers`; all values are invented.
enum TickersFixtures {
    /// A coin in two currencies, with members that nobody reads and its time behind the prices.
    static let bitcoin = """
        {"id":"btc-bitcoin","name":"Bitcoin","symbol":"BTC","rank":1,"total_supply":19675987,"max_supply":21000000,
         "beta_value":0.735327,"first_data_at":"2010-07-17T00:00:00Z",
         "quotes":{"USD":{"price":70187.33589361234,"volume_24h":20154184933.25,"volume_24h_change_24h":-2.5,
           "market_cap":1381651251183,"market_cap_change_24h":1.6,"percent_change_15m":0,"percent_change_24h":-3.4e-05,
           "ath_price":73738,"ath_date":"2024-03-14T07:10:36Z","percent_from_price_ath":-4.8},
          "EUR":{"price":64000,"volume_24h":"","market_cap":null,"percent_change_24h":1e40}},
         "last_updated":"2026-05-18T12:45:21Z"}
        """

    /// A coin that isn't active: no rank, no price, empty texts for what is missing.
    static let inactive = """
        {"id":"old-old-coin","name":"","symbol":"","rank":0,"quotes":{"USD":{"price":"","volume_24h":""},
         "EUR":{"price":null}},"last_updated":""}
        """

    /// A coin that CoinGecko calls otherwise, with a price of seventeen digits and an exponent.
    static let tiny = """
        {"last_updated":"2026-05-18T12:45:20Z","quotes":{"USD":{"price":8.0812345678901234e-06}},"rank":23,
         "symbol":"BNB","name":"Binance Coin","id":"bnb-binance-coin"}
        """

    /// Coins that can't be used: a price of another type, another one as time, an id that is none, no object at all.
    static let broken = """
        {"id":"x-text","rank":30,"quotes":{"USD":{"price":"12"}},"last_updated":"2026-05-18T12:45:20Z"},
        {"id":"x-time","rank":31,"quotes":{"USD":{"price":1}},"last_updated":"yesterday"},
        {"id":7,"quotes":[]},17
        """

    /// All of them.
    static let page = "[\(inactive),\(tiny),\(bitcoin),\(broken)]"

    /// A coin that nothing is said of but a price.
    static func coin(_ id: String, rank: Int, _ price: String, _ lastUpdated: String) -> String {
        """
        {"id":"\(id)","name":"\(id)","symbol":"\(id.prefix(3))","rank":\(rank),"quotes":{"USD":{"price":\(price)}},\
        "last_updated":"\(lastUpdated)"}
        """
    }
}
