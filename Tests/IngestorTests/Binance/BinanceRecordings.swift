/// Messages of Binance's streams and of its REST.
///
/// Recorded ones are from github.com/nautechsystems/nautilus_trader, tests/integration_tests/adapters/binance/resources:
/// ws_messages/ws_spot_trade.json of 2021-12-12 and http_responses/http_spot_market_historical_trades.json of 2021-10-22.
/// For answers, errors and serverShutdown only examples of github.com/binance/binance-spot-api-docs could be had.
enum BinanceRecordings {
    /// Recorded.
    static let trade = #"""
        {"stream":"ethusdt@trade","data":{"e":"trade","E":1639351062244,"s":"ETHUSDT","t":705291099,"p":"4149.74000000","q":"0.43870000","b":7038593583,"a":7038593613,"T":1639351062243,"m":true,"M":true}}
        """#
    /// Recorded.
    static let history = #"""
        [{"id":1111471896,"price":"60814.78000000","qty":"0.00034000","quoteQty":"20.67702520","time":1634943219887,"isBuyerMaker":true,"isBestMatch":true},
        {"id":1111471897,"price":"60814.79000000","qty":"0.00300000","quoteQty":"182.44437000","time":1634943219918,"isBuyerMaker":false,"isBestMatch":true}]
        """#
    /// Documentation.
    static let shutdown = #"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#
}
