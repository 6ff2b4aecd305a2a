/// Pages in the shape of `/coins/markets`; all values are invented.
enum MarketsFixtures {
    /// One coin with every nullable field set.
    static let full = """
        {"id":"bitcoin","symbol":"btc","name":"Bitcoin","image":"https://example.org/1.png","current_price":70187,
         "market_cap":1381651251183,"market_cap_rank":1,"market_cap_rank_with_rehypothecated":1,
         "fully_diluted_valuation":1474623675796.5,"total_volume":20154184933.0,"high_24h":70215,"low_24h":68060.25,
         "price_change_24h":2126.88,"price_change_percentage_24h":3.12502,"market_cap_change_24h":44287678051.0,
         "market_cap_change_percentage_24h":3.31157,"circulating_supply":19675987.0,"total_supply":21000000.0,
         "max_supply":21000000.0,"ath":73738,"ath_change_percentage":-4.77063,"ath_date":"2024-03-14T07:10:36.635Z",
         "atl":67.81,"atl_change_percentage":103455.83335,"atl_date":"2013-07-06T00:00:00.000Z",
         "roi":{"times":42.743183414054535,"currency":"usd","percentage":4274.3183414054535},
         "sparkline_in_7d":{"price":[1,2.5,3e2]},"price_change_percentage_1h_in_currency":null,
         "last_updated":"2026-05-18T12:49:21.599Z"}
        """

    /// Null in every field that may be null.
    static let nulls = """
        {"id":"no-market","symbol":"nm","name":"No Market","image":"missing_large.png","current_price":null,
         "market_cap":null,"market_cap_rank":null,"fully_diluted_valuation":null,"total_volume":null,"high_24h":null,
         "low_24h":null,"price_change_24h":null,"price_change_percentage_24h":null,"market_cap_change_24h":null,
         "market_cap_change_percentage_24h":null,"circulating_supply":null,"total_supply":null,"max_supply":null,
         "ath":null,"ath_change_percentage":null,"ath_date":null,"atl":null,"atl_change_percentage":null,
         "atl_date":null,"roi":null,"last_updated":null}
        """

    /// A price, and null or nothing in all the rest.
    static let priceOnly = """
        {"id":"01coin","current_price":0.00012,"symbol":null,"market_cap":null,"market_cap_rank":null}
        """

    /// An exponent, 17 significant digits, integers where others have decimals, a supply of 10¹⁵.
    static let digits = """
        {"id":"shiba-inu","symbol":"shib","name":"Shiba Inu","current_price":8.08e-06,"market_cap":4761000000,
         "market_cap_rank":23,"total_volume":77914.82487731134,"high_24h":8.69e-05,"low_24h":3.271e-9,
         "price_change_percentage_24h":-3.4880680106583e-05,"circulating_supply":589246102030405.6,
         "total_supply":1000000000000000,"unknown_field":{"deep":[{"er":[[]]}]},
         "last_updated":"2026-05-18T12:49:20.000Z"}
        """

    /// A coin that nobody has traded for 133 days.
    static let stale = """
        {"id":"02-token","symbol":"o2t","name":"O2 Token","current_price":0.00087631,"market_cap":0.0,
         "market_cap_rank":5120,"total_volume":null,"high_24h":null,"low_24h":null,
         "price_change_percentage_24h":null,"circulating_supply":0.0,"last_updated":"2026-01-05T12:49:00.017Z"}
        """

    /// All of them.
    static let page = "[\(full),\n\(nulls),\(priceOnly),\(digits),\(stale)]"

    /// Rows that say the same but for id, price and time.
    static func row(_ id: String, _ price: String, _ lastUpdated: String) -> String {
        """
        {"id":"\(id)","symbol":"\(id.prefix(3))","name":"\(id)","current_price":\(price),\
        "last_updated":"\(lastUpdated)"}
        """
    }
}
