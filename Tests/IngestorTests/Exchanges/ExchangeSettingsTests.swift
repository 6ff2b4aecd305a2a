import Shared
import Testing

@testable import Ingestor

@Suite("Settings of exchanges")
struct ExchangeSettingsTests {
    private func settings(_ environment: [String: String]) throws -> ExchangeSettings {
        let reader = SettingsReader(environment: environment)
        return try ExchangeSettings(reader, for: try IngestorSettings(reader))
    }

    @Test("every default is allowed, and a source that is no exchange asks for none")
    func defaults() throws {
        let settings = try settings([:])
        #expect(settings.exchanges.isEmpty)
        #expect(settings.gapTimeout == .seconds(60))
        #expect(settings.caFile == nil)
    }

    @Test("coins and currencies choose products of each exchange; what another one has is not missing")
    func choice() throws {
        let settings = try settings([
            "INGESTOR_SOURCE": "kraken,binance", "INGESTOR_COINS": "bitcoin,ethereum,no-such-coin",
            "INGESTOR_VS_CURRENCIES": "usd,usdt",
        ])
        #expect(settings.exchanges.map(\.name) == ["kraken", "binance"])
        #expect(settings.exchanges[0].products.map(\.name).sorted() == ["BTC/USD", "BTC/USDT", "ETH/USD", "ETH/USDT"])
        #expect(settings.exchanges[1].products.map(\.name).sorted() == ["BTCUSDT", "ETHUSDT"])
        #expect(settings.missing == ["no-such-coin (kraken)", "no-such-coin (binance)"])
    }

    @Test("products are named as each exchange does, and ids can be the exchange's own")
    func products() throws {
        let settings = try settings([
            "INGESTOR_SOURCE": "coinbase,kraken", "INGESTOR_PRODUCTS": "BTC-USD, ETH/EUR, FOO-USD",
            "INGESTOR_PAIR_IDS": "exchange",
        ])
        #expect(settings.exchanges.map { $0.products.map(\.name) } == [["BTC-USD"], ["ETH/EUR"]])
        #expect(settings.exchanges.map { $0.products[0].coinID } == ["btc-usd@coinbase", "eth-eur@kraken"])
        #expect(settings.missing == ["FOO-USD (coinbase)", "FOO-USD (kraken)"])
    }

    @Test("an exchange that has nothing of what is wanted ends the start, and says what it has")
    func nothing() {
        let error = #expect(throws: SettingsError.self) { try settings(["INGESTOR_SOURCE": "binance"]) }
        #expect(error?.description.contains("binance has no products in usd") == true)
        #expect(error?.description.contains("usdt") == true)
    }

    @Test("a file adds products; one that can't be read or used ends the start with its name")
    func file() throws {
        let path = try TemporaryFile.keep("kraken,NEW/USD,new-coin,new,New Coin,usd\n")
        defer { TemporaryFile.remove(path) }
        let environment = [
            "INGESTOR_SOURCE": "kraken", "INGESTOR_COINS": "new-coin", "INGESTOR_PRODUCTS_FILE": path,
        ]
        #expect(try settings(environment).exchanges[0].products.map(\.name) == ["NEW/USD"])
        for (text, reason) in [("kraken,NEW/USD\n", "line 1"), ("", "none of new-coin")] {
            let path = try TemporaryFile.keep(text)
            defer { TemporaryFile.remove(path) }
            let changed = environment.merging(["INGESTOR_PRODUCTS_FILE": path]) { $1 }
            let error = #expect(throws: SettingsError.self) { try settings(changed) }
            #expect(error?.description.contains(reason) == true, "\(error as Any)")
        }
        for name in ["INGESTOR_PRODUCTS_FILE", "INGESTOR_CA_FILE"] {
            let changed = ["INGESTOR_SOURCE": "kraken", name: "/nonexistent"]
            let error = #expect(throws: SettingsError.self) { try settings(changed) }
            #expect(error?.description.contains("\(name) can't be used: /nonexistent") == true)
        }
    }

    @Test("addresses are the exchanges' or one's own, without a slash at the end, and show no password")
    func addresses() throws {
        let kraken = try settings([
            "INGESTOR_SOURCE": "kraken", "KRAKEN_FEED_URL": "ws://127.0.0.1:1/v2/",
            "KRAKEN_REST_URL": "http://127.0.0.1:2/",
        ]).exchanges[0]
        #expect(kraken.feedURL(of: 0..<1) == "ws://127.0.0.1:1/v2")
        let page = kraken.historyURL(of: 0, after: TradePosition(id: 1, time: EventTime(microseconds: 0)))
        #expect(page.hasPrefix("http://127.0.0.1:2/0/public/Trades"))
        for (name, url) in [
            ("KRAKEN_FEED_URL", "https://gw.example"), ("KRAKEN_FEED_URL", "wss://"),
            ("BINANCE_FEED_URL", "wss://gw/?k=v"), ("COINBASE_FEED_URL", "wss://me:hush@gw.example"),
            ("KRAKEN_FEED_URL", "wss://gw.example:70000"),
            ("COINBASE_REST_URL", "wss://gw.example"), ("COINBASE_REST_URL", "https://g w"),
        ] {
            #expect(throws: SettingsError.self, "\(name)=\(url)") { try settings([name: url]) }
        }
        let reader = SettingsReader(environment: ["BINANCE_REST_URL": "https://me:hush@gw.example"])
        let values = SettingsTable.values(ExchangeSettings.all, in: reader)
        #expect(values.contains("https://***@gw.example") && !values.contains("hush"))
    }
}
