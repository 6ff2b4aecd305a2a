/// Messages of Coinbase's feed and of its REST.
///
/// The recorded ones are of 2021-04-17, from github.com/bmoscon/cryptofeed, sample_data/COINBASE.ws.28.0; an error's text
/// is from a log in github.com/thrasher-corp/gocryptotrader/pull/1421. For heartbeats, the history and other errors only
/// examples of docs.cdp.coinbase.com could be had.
enum CoinbaseRecordings {
    /// Recorded: the last trade before the subscription, and the four after it.
    static let matches = [
        #"""
        {"type":"last_match","trade_id":1568267,"maker_order_id":"8d275e33-4b41-4648-b135-b407f85c6897","taker_order_id":"460227d8-3765-4185-8b7f-d9ee118403a2","side":"sell","size":"1338.3","price":"0.7904","product_id":"SKL-USD","sequence":201390042,"time":"2021-04-17T16:43:37.056746Z"}
        """#,
        #"""
        {"type":"match","trade_id":1568268,"maker_order_id":"cac01d6d-8009-4c33-8e0d-f7f853d7c1bc","taker_order_id":"3dec64e4-f6ad-4ca8-ad3f-e5b1a0eb0d06","side":"sell","size":"450","price":"0.791","product_id":"SKL-USD","sequence":201390075,"time":"2021-04-17T16:43:37.121358Z"}
        """#,
        #"""
        {"type":"match","trade_id":1568269,"maker_order_id":"c693fab4-fc61-4b10-97e8-28b7cf4478d4","taker_order_id":"97d525bb-9bf4-43e4-8942-c47f50cd52a1","side":"sell","size":"1787","price":"0.7912","product_id":"SKL-USD","sequence":201390097,"time":"2021-04-17T16:43:37.140491Z"}
        """#,
    ]
    /// Recorded.
    static let otherMatch = #"""
        {"type":"match","trade_id":280232,"maker_order_id":"2a0da34e-61f7-4c36-88e5-c9dd15927b16","taker_order_id":"3c82abaa-c01e-4608-be59-6a1e69742891","side":"sell","size":"985","price":"0.00001305","product_id":"SKL-BTC","sequence":177100030,"time":"2021-04-17T16:43:37.089723Z"}
        """#
    /// Recorded: its maker bought.
    static let soldMatch = #"""
        {"type":"last_match","trade_id":82007,"maker_order_id":"9d2861bd-1703-47f2-a7f4-7723565a7f5c","taker_order_id":"dd068ce5-f175-4396-bae1-a1db56d209f5","side":"buy","size":"1008.2","price":"0.5752","product_id":"SKL-GBP","sequence":27883326,"time":"2021-04-17T16:43:29.571587Z"}
        """#
    /// Recorded: a message of a channel that we don't ask for, with members of a trade's names.
    static let ticker = #"""
        {"type":"ticker","sequence":201390042,"product_id":"SKL-USD","price":"0.7904","open_24h":"0.7055","volume_24h":"34220028.50000000","low_24h":"0.6915","high_24h":"0.8098","volume_30d":"948647381.20000000","best_bid":"0.7901","best_ask":"0.7911","side":"buy","time":"2021-04-17T16:43:37.056746Z","trade_id":1568267,"last_size":"1338.3"}
        """#
    /// Recorded, the list of products made shorter.
    static let subscriptions = #"""
        {"type":"subscriptions","channels":[{"name":"level2","product_ids":["DASH-BTC"]},{"name":"ticker","product_ids":["YFI-BTC"]},{"name":"matches","product_ids":["SKL-GBP","SKL-USD","NU-GBP"]}]}
        """#
    /// Documentation.
    static let heartbeat = #"""
        {"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"SKL-USD","time":"2014-11-07T08:19:28.464459Z"}
        """#
    /// Recorded with an empty name; here with one, as its sentence goes.
    static let refused = #"""
        {"type":"error","message":"Failed to subscribe","reason":"SKL-GBP is not a valid product"}
        """#
    /// Documentation: a page of the history.
    static let history = #"""
        [{"time":"2014-11-07T22:19:28.578544Z","trade_id":74,"price":"10.00000000","size":"0.01000000","side":"buy"},
        {"time":"2014-11-07T01:08:43.642366Z","trade_id":73,"price":"100.00000000","size":"0.01000000","side":"sell"}]
        """#
}
