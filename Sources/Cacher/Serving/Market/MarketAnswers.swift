import Shared

/// Turns questions into answers: reads the market, writes JSON. It belongs to one thread.
struct MarketAnswers {
    private let market: RedisMarket
    private let traffic: StreamTraffic
    private var json = JSONWriter(capacity: 1 << 16)

    /// - Parameter traffic: what the streams carry, for `/v1/status`.
    init(market: RedisMarket, traffic: StreamTraffic) {
        (self.market, self.traffic) = (market, traffic)
    }

    /// Answers one.
    /// - Throws: ``RedisError`` when Redis doesn't.
    mutating func answer(_ request: APIRequest) throws(RedisError) -> Answer {
        json.reset()
        switch request {
        case .prices(let currency, let order, let limit):
            writePrices(of: currency, try market.snapshot(of: currency).sorted(by: order, limit: limit))
        case .price(let coin):
            guard let row = try market.price(of: coin) else { return Self.noSuchCoin(coin) }
            row.write(to: &json)
        case .candles(let query):
            guard let candles = try market.candles(query) else { return Self.noSuchCoin(query.coin) }
            write(candles, query)
        case .sparklines(let currency, let coins):
            let keys = coins.sorted().map { CoinKey(coinID: $0.text, vsCurrency: currency.text) }
            write(try market.sparklines(of: keys), currency)
            return Answer(json, cacheControl: "public, max-age=10")
        case .movers(let currency, let limit):
            writeMovers(of: currency, try market.snapshot(of: currency), limit)
        case .alerts(let coins, let limit):
            let alerts = try market.alerts().lazy.filter { coins?.contains(ByteText($0.coinID)) ?? true }
            write(alerts.prefix(limit))
        case .status:
            writeStatus(try market.freshness(), redis: nil)
            return Answer(json, cacheControl: "no-store")
        }
        return Answer(json, cacheControl: "public, max-age=1")
    }

    /// What `/v1/status` is answered while Redis is away.
    mutating func status(without redis: RedisError) -> Answer {
        json.reset()
        writeStatus([], redis: redis)
        return Answer(json, cacheControl: "no-store")
    }

    private static func noSuchCoin(_ coin: CoinKey) -> Answer {
        Answer(Problem(404, "there is no coin '\(coin.coinID)' in '\(coin.vsCurrency)'"))
    }

    private mutating func writePrices(of currency: ByteText, _ rows: [PriceRow]) {
        json.beginObject()
        json.member("vs_currency", currency.text)
        json.member("as_of", MarketSnapshot.newest(of: rows))
        write("prices", rows)
        json.endObject()
    }

    private mutating func writeMovers(of currency: ByteText, _ market: MarketSnapshot, _ limit: Int) {
        json.beginObject()
        json.member("vs_currency", currency.text)
        json.member("as_of", MarketSnapshot.newest(of: market.rows))
        write("gainers", market.gainers(limit: limit))
        write("losers", market.losers(limit: limit))
        json.endObject()
    }

    private mutating func write(_ name: StaticString, _ rows: [PriceRow]) {
        json.key(name)
        json.beginArray()
        for row in rows { row.write(to: &json) }
        json.endArray()
    }

    private mutating func write(_ candles: [Candle], _ query: CandleQuery) {
        json.beginObject()
        json.member("coin_id", query.coin.coinID)
        json.member("vs_currency", query.coin.vsCurrency)
        json.member("interval", query.interval.rawValue)
        json.key("candles")
        json.beginArray()
        for candle in candles {
            json.beginObject()
            candle.writeMembers(to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    private mutating func write(_ lines: [(coin: CoinKey, from: Int64, closes: [Price])], _ currency: ByteText) {
        json.beginObject()
        json.member("vs_currency", currency.text)
        json.key("sparklines")
        json.beginObject()
        for line in lines {
            json.key(line.coin.coinID)
            json.beginObject()
            json.member("from", EventTime(milliseconds: line.from))
            json.key("closes")
            json.beginArray()
            for close in line.closes { json.string(close.description) }
            json.endArray()
            json.endObject()
        }
        json.endObject()
        json.endObject()
    }

    private mutating func write(_ alerts: some Sequence<PriceAlert>) {
        json.beginObject()
        json.key("alerts")
        json.beginArray()
        for alert in alerts { alert.writeDecimals(to: &json) }
        json.endArray()
        json.endObject()
    }

    private mutating func writeStatus(_ freshness: [(field: String, json: [UInt8])], redis error: RedisError?) {
        let partitions = freshness.compactMap { PartitionStatus(field: $0.field, json: $0.json) }
        let topics = Dictionary(grouping: partitions, by: \.topic)
        json.beginObject()
        json.member("as_of", EventTime.now())
        json.member("version", BuildInfo.version)
        json.key("redis")
        json.beginObject()
        json.member("state", error == nil ? "ok" : "away")
        json.member("detail", optional: error?.message)
        json.endObject()
        json.key("topics")
        json.beginArray()
        for (topic, partitions) in topics.sorted(by: { $0.key < $1.key }) { write(topic, partitions) }
        json.endArray()
        json.key("stream")
        json.beginObject()
        json.member("readers", traffic.readers)
        json.member("events", traffic.events)
        json.endObject()
        json.endObject()
    }

    private mutating func write(_ topic: String, _ partitions: [PartitionStatus]) {
        json.beginObject()
        json.member("topic", topic)
        PartitionStatus.sum(of: partitions)?.writeFigures(to: &json)
        json.key("partitions")
        json.beginArray()
        for partition in partitions.sorted(by: { $0.partition < $1.partition }) { partition.write(to: &json) }
        json.endArray()
        json.endObject()
    }
}
