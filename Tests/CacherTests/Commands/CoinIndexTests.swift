import Shared
import Testing

@testable import Cacher

@Suite("CoinIndex, KeyName and GlobPattern")
struct CoinIndexTests {
    private let index = CoinIndex(entries: [
        CoinIndex.Entry(id: "bitcoin", symbol: "btc", name: "Bitcoin"),
        CoinIndex.Entry(id: "ethereum", symbol: "eth", name: "Ethereum"),
        CoinIndex.Entry(id: "tether", symbol: "usdt", name: "Tether"),
        CoinIndex.Entry(id: "bitcoin-cash", symbol: "bch", name: "Bitcoin Cash"),
        CoinIndex.Entry(id: "usd-coin"), CoinIndex.Entry(id: "solana"), CoinIndex.Entry(id: "staked-ether"),
    ])

    @Test(
        "what somebody may have meant, the likeliest first",
        arguments: [
            ("bitcon", ["bitcoin", "bitcoin-cash"]), ("btc", ["bitcoin"]),
            ("Bitcoin Cash", ["bitcoin-cash", "bitcoin"]),
            ("bitcoin", ["bitcoin", "bitcoin-cash"]), ("etherium", ["ethereum"]),
            ("ether", ["ethereum", "tether", "staked-ether"]),
            ("slana", ["solana"]), ("xyz", []), ("", []),
        ]
    )
    func near(wanted: String, ids: [String]) {
        let found = index.near(wanted).map(\.id)
        #expect(found.prefix(ids.count) == ids[...] && (ids.isEmpty ? found.isEmpty : true), "\(found)")
    }

    @Test("without a coin that is near the advice says what there is")
    func advice() {
        #expect(index.advice(for: "btc") == "did you mean bitcoin (btc)?")
        let others = "bitcoin (btc), ethereum (eth), tether (usdt), bitcoin-cash (bch), usd-coin"
        #expect(index.advice(for: "xyz") == "the 7 coins there begin with \(others)")
        #expect(CoinIndex(entries: []).advice(for: "btc").contains("CACHER_KEY_PREFIX"))
    }

    @Test("a key's name is read back to what it was made of, byte for byte")
    func names() throws {
        for coin in ["bitcoin", "a:b", "a%3Ab", "a%", "cafe\u{301}", "*"] {
            let key = CoinKey(coinID: coin, vsCurrency: "u:sd")
            let keys = CacheKeys(prefix: "p:")
            let price = try #require(KeyName(keys.price(key), prefix: "p:"))
            #expect(price.kind == "price" && price.coin == key && price.window == nil)
            let candle = try #require(KeyName(keys.candle(key), prefix: "p:"))
            #expect(candle.kind == "candle" && candle.coin == key && candle.window == "1m")
        }
        for strange in ["p:alerts", "price:a:b", "p:price:a", "p:a:b:c:d:e", "p:price:%zz:b"] {
            #expect(KeyName(strange, prefix: "p:") == nil, "\(strange)")
        }
        #expect(GlobPattern.literal("a*[b]?\\c") == #"a\*\[b\]\?\\c"#)
        #expect(GlobPattern.part("a:b*%") == #"a*b\**"#)
    }

    @Test("messages read as lines, whatever was published")
    func messages() {
        func text(_ channel: String, _ payload: String) -> String {
            TailMessage(channel: channel, payload: Array(payload.utf8)).text(prefix: "")
        }
        var tick = CacheFixture.tick("bitcoin", seconds: 1, price: 2, tradeID: "7")
        (tick.size, tick.side) = (Price(3), .buy)
        #expect(
            text("prices:bitcoin:usd", CacheFixture.json(tick)) == "1970-01-01T00:00:01.000Z  bitcoin/usd  2  buy 3"
        )
        var json = JSONWriter()
        var candle = CacheFixture.candle("bitcoin", minute: 1, revision: 2, close: 7)
        candle.partial = true
        candle.write(to: &json)
        let line =
            "1970-01-01T00:01:00.000Z  bitcoin/usd  candle 1m  open 7  high 7  low 7  close 7  revision 2  partial"
        #expect(text("candles:bitcoin:usd:1m", json.text) == line)
        let alert = "1970-01-01T00:00:05.000Z  bitcoin/usd  alert rule: above 0, value 0, price 0 usd"
        #expect(text("alerts:bitcoin:usd", CacheFixture.json(CacheFixture.alert("bitcoin", seconds: 5))) == alert)
        #expect(text("prices:bitcoin:usd", "{}\n") == "prices:bitcoin:usd  {}\u{FFFD}")
        func object(_ payload: String) -> String { TailMessage(channel: "a\"", payload: Array(payload.utf8)).json }
        #expect(object("{\"a\":\n1.50}") == #"{"channel":"a\"","message":{"a": 1.50}}"#)
        #expect(object("{\"a\":") == #"{"channel":"a\"","message":"{\"a\":"}"#)
        #expect(object("") == #"{"channel":"a\"","message":""}"#)
    }
}
