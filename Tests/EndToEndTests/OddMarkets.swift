/// A page of CoinGecko's `/coins/markets` with invented values in every odd shape that real answers have had.
enum OddMarkets {
    /// A coin of the page: its JSON, and what must stand in the database; a `nil` price is a coin that sends nothing.
    struct Coin {
        let id: String
        let json: String
        /// `price|market_cap|total_volume|high_24h|low_24h|price_change_percentage_24h`, as `psql` prints them.
        let row: String?
    }

    /// The coins; times are relative to `now`, in RFC 3339 as CoinGecko writes them.
    static func coins(now: String, stale: String) -> [Coin] {
        [
            Coin(
                id: "bitcoin",
                json: """
                    {"id":"bitcoin","symbol":"btc","name":"Bitcoin","image":"https://example.org/1.png",
                     "current_price":77914.82487731134,"market_cap":1317802988326,"market_cap_rank":1,
                     "fully_diluted_valuation":1393214567890,"total_volume":31260929299.52,"high_24h":78200,
                     "low_24h":76012.5,"price_change_24h":-12.75,"price_change_percentage_24h":-3.4880680106583e-05,
                     "circulating_supply":19876543.0,"total_supply":21000000.0,"max_supply":21000000.0,"ath":126000,
                     "roi":null,"last_updated":"\(now)"}
                    """,
                row: "77914.82487731134|1317802988326|31260929299.52|78200|76012.5|-0.000034880680106583"
            ),
            Coin(
                id: "tiny-token",
                json: """
                    {"id":"tiny-token","symbol":"tiny","name":"Tiny \\"Token\\" \\u00e9\\ud83d\\ude80","current_price":8.08e-06,
                     "market_cap":4765432.1,"market_cap_rank":812,"total_volume":0.085,"high_24h":8.69e-05,
                     "low_24h":3.271e-9,"price_change_percentage_24h":1.0E+1,"circulating_supply":1.0e15,
                     "total_supply":1000000000000000,"max_supply":null,"roi":{"times":42.743183414054535,"currency":"usd",
                     "percentage":4274.3183414054535},"last_updated":"\(now)"}
                    """,
                row: "0.00000808|4765432.1|0.085|0.0000869|0.000000003271|10"
            ),
            Coin(
                id: "02-token",
                json: """
                    {"id":"02-token","symbol":"o2t","name":"O2 Token","current_price":0.00083971,"market_cap":0.0,
                     "market_cap_rank":null,"fully_diluted_valuation":null,"total_volume":null,"high_24h":null,
                     "low_24h":null,"price_change_24h":null,"price_change_percentage_24h":null,
                     "market_cap_change_24h":null,"market_cap_change_percentage_24h":null,"circulating_supply":0.0,
                     "total_supply":null,"max_supply":null,"ath":null,"ath_change_percentage":null,"ath_date":null,
                     "atl":null,"atl_change_percentage":null,"atl_date":null,"roi":null,"last_updated":"\(stale)"}
                    """,
                row: "0.00083971|0||||"
            ),
            Coin(
                id: "few-fields",
                json:
                    #"{"id":"few-fields","symbol":"few","name":"Few","current_price":70187,"last_updated":"\#(now)"}"#,
                row: "70187|||||"
            ),
            Coin(
                id: "unknown-fields",
                json: """
                    {"id":"unknown-fields","symbol":"unk","name":"Unknown","surprise":{"a":[1,{"b":[true,false,null]}]},
                     "current_price":0.1,"sparkline_in_7d":{"price":[1.5,2e3,-0.25]},"total_volume":20030493.0,
                     "price_change_percentage_1h_in_currency":0.04,"last_updated":"\(now)"}
                    """,
                row: "0.1||20030493|||"
            ),
            Coin(
                id: "no-price",
                json:
                    #"{"id":"no-price","symbol":"nop","name":"No price","current_price":null,"last_updated":"\#(now)"}"#,
                row: nil
            ),
        ]
    }

    /// The body that the free tier has sent under HTTP 200.
    static let limited = #"{"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}}"#
}
