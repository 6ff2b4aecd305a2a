import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("CoinPaprika's page")
struct TickersPageTests {
    private func vendor(
        _ coins: CoinList = .largest(100),
        _ currencies: [String] = ["usd", "eur"]
    ) throws -> CoinPaprika {
        let reader = SettingsReader(environment: ["COINPAPRIKA_BASE_URL": "http://host/v1/"])
        return CoinPaprika(settings: try CoinPaprikaSettings(reader), coins: coins, vsCurrencies: currencies)
    }

    private func page(_ json: String, _ vendor: CoinPaprika) throws -> PolledPage {
        let bytes = Array(json.utf8)
        return try vendor.page(bytes.span, of: try #require(vendor.requests.first))
    }

    @Test("three currencies share a request, and the largest are asked for by number")
    func requests() throws {
        let largest = try vendor(.largest(50), ["usd", "eur", "btc", "eth"]).requests
        #expect(
            largest.map(\.url) == [
                "http://host/v1/tickers?quotes=USD,EUR,BTC&limit=50", "http://host/v1/tickers?quotes=ETH&limit=50",
            ]
        )
        #expect(try vendor(.ids(["bitcoin"]), ["usd"]).requests.map(\.url) == ["http://host/v1/tickers?quotes=USD"])
    }

    @Test("every odd value becomes what it says, digit for digit, and costs no other")
    func oddValues() throws {
        let page = try page(TickersFixtures.page, vendor())
        #expect(page.malformed == 2)
        #expect(page.listed == 7)
        let bitcoin = try #require(page.rows.first)
        #expect(bitcoin.id == "bitcoin" && bitcoin.vsCurrency == "usd")
        #expect(bitcoin.symbol == "btc" && bitcoin.name == "Bitcoin" && bitcoin.marketCapRank == 1)
        #expect(bitcoin.currentPrice?.description == "70187.33589361234")
        #expect(bitcoin.totalVolume?.description == "20154184933.25")
        #expect(bitcoin.priceChangePercentage24h?.description == "-0.000034")
        #expect(bitcoin.lastUpdated?.description == "2026-05-18T12:45:21.000Z")
        let euro = page.rows[1]
        #expect(euro.vsCurrency == "eur" && euro.currentPrice?.description == "64000")
        #expect(euro.totalVolume == nil && euro.marketCap == nil && euro.unusableFields == 1, "1e40 can't be used")
        #expect(page.rows[2].id == "binancecoin")
        #expect(page.rows[2].currentPrice?.description == "0.00000808123456789", "18 decimals")
        #expect(page.rows[2].isRounded)
        #expect(page.rows[3].currentPrice == nil && !page.rows[3].isMalformed, "no price in that currency")
        let bad = page.rows.filter { $0.id.hasPrefix("x-") && $0.vsCurrency == "usd" }
        #expect(bad.count == 2 && bad.allSatisfy(\.isMalformed))
        let inactive = try #require(page.rows.last { $0.id.hasPrefix("old") })
        #expect(inactive.id == "old-old-coin@coinpaprika")
        #expect(inactive.symbol == nil && inactive.name == nil && inactive.marketCapRank == nil)
        #expect(inactive.currentPrice == nil && !inactive.isMalformed && inactive.lastUpdated == nil)
    }

    @Test("the largest are those with the first ranks, wherever they stand, though the server sends more")
    func largest() throws {
        let rows = try page(TickersFixtures.page, vendor(.largest(2), ["usd"])).rows
        #expect(rows.map(\.id) == ["bitcoin", "binancecoin"])
    }

    @Test("coins are chosen by CoinGecko's ids and by CoinPaprika's own; of others the nearest are known")
    func ids() throws {
        let wanted = CoinList.ids(["bitcoin", "bnb-binance-coin", "old-old-coin@coinpaprika", "btc", "nothing"])
        let page = try page(TickersFixtures.page, vendor(wanted, ["usd"]))
        #expect(Set(page.rows.map(\.id)) == ["bitcoin", "binancecoin", "old-old-coin@coinpaprika"])
        #expect(page.unknown == ["btc", "nothing"])
        #expect(NearMatches(among: page.known, largest: []).ids(near: "btc") == ["bitcoin"])
    }

    @Test("ids are CoinGecko's only where it is the same coin")
    func mapping() {
        let ids = CoinPaprikaIDs()
        let expected = [
            ("btc-bitcoin", "BTC", "bitcoin"), ("eth-ethereum", "ETH", "ethereum"), ("usdt-tether", "USDT", "tether"),
            ("xrp-xrp", "XRP", "ripple"), ("avax-avalanche", "AVAX", "avalanche-2"),
            ("shib-shiba-inu", "shib", "shiba-inu"), ("bnb-binance-coin", "BNB", "binancecoin"),
            ("toncoin-the-open-network", "TON", "the-open-network"), ("ada-cardano", "ADA", "cardano"),
            // Another coin of the same symbol, one that nobody knows, one that was renamed, and one whose id is another's.
            ("btc-bitcoin-token", "BTC", "btc-bitcoin-token@coinpaprika"),
            ("abc-nothing", "ABC", "abc-nothing@coinpaprika"), ("xrp-xrp", "XRPC", "xrp-xrp@coinpaprika"),
            ("xrp-xrp", nil, "xrp-xrp@coinpaprika"), ("aave-aave", "AAVE", "aave-aave@coinpaprika"),
        ]
        for (id, symbol, tickID) in expected { #expect(ids.tickID(id, symbol: symbol) == tickID) }
    }

    @Test("what /key/info says of a paid key, and what it says of one without a limit")
    func keyInfo() throws {
        func usage(_ json: String) throws -> KeyUsage {
            let bytes = Array(json.utf8)
            return try KeyUsage(coinPaprika: bytes.span)
        }
        let limited = """
            {"plan":"pro","plan_started_at":"2022-09-16T10:17:24Z","plan_status":"active","portal_url":"https://x/",
             "usage":{"message":"limited plan","current_month":{"requests_made":18,"requests_left":499982}}}
            """
        #expect(try usage(limited) == KeyUsage(plan: "pro", perMonth: 500_000, left: 499_982))
        let unlimited = limited.replacing("499982", with: "-1").replacing(":18,", with: ":-1,")
        #expect(try usage(unlimited) == KeyUsage(plan: "pro"))
        #expect(try usage(#"{"usage":7,"plan":[]}"#) == KeyUsage())
        #expect(throws: JSONError.self) { try usage("[]") }
    }

    @Test("no answer, however it is cut or changed, ends the process")
    func mutations() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = TestSupport.SplitMix64(seed: seed)
        let vendor = try vendor(.ids(["bitcoin", "btc"]))
        let bytes = Array(TickersFixtures.page.utf8)
        for number in 0..<4_000 {
            var changed = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            if number % 2 == 0 { changed = bytes }
            for _ in 0..<Int.random(in: 0...4, using: &random) where !changed.isEmpty {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? vendor.page(changed.span, of: try #require(vendor.requests.first))
        }
        print("seed \(seed)")
    }
}
