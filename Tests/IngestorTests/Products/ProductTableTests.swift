import Shared
import Testing

@testable import Ingestor

@Suite("The table of products")
struct ProductTableTests {
    private func table(_ text: String) throws -> ProductTable {
        var table = ProductTable()
        try table.add(text, from: "test.csv")
        return table
    }

    @Test("the one that ships is read, and has the coins that collide most under the right ids")
    func builtIn() throws {
        let table = try ProductTable.builtIn()
        let ids = Dictionary(uniqueKeysWithValues: table.rows.map { ("\($0.exchange) \($0.product)", $0.coinID) })
        let expected = [
            "coinbase BTC-USD": "bitcoin", "kraken BTC/USD": "bitcoin", "binance BTCUSDT": "bitcoin",
            "kraken DOGE/USD": "dogecoin", "coinbase AVAX-USD": "avalanche-2", "kraken XRP/USD": "ripple",
            "coinbase POL-USD": "polygon-ecosystem-token", "binance TONUSDT": "the-open-network",
            "binance LUNAUSDT": "terra-luna-2", "binance UNIUSDT": "uniswap", "coinbase TRAC-USD": "origintrail",
            "kraken GRT/USD": "the-graph", "binance STXUSDT": "blockstack", "binance SNXUSDT": "havven",
        ]
        for (product, id) in expected { #expect(ids[product] == id, "\(product)") }
        let bases = Dictionary(grouping: table.rows, by: \.exchange).mapValues { Set($0.map(\.coinID)).count }
        #expect(bases == ["coinbase": 170, "kraken": 193, "binance": 199])
    }

    @Test("every name that ships looks like its exchange's, and is a product in the currency of its line")
    func names() throws {
        for row in try ProductTable.builtIn().rows {
            let quote = row.vsCurrency.uppercased()
            switch row.exchange {
            case "coinbase": #expect(row.product.hasSuffix("-\(quote)"), "\(row)")
            case "kraken": #expect(row.product.hasSuffix("/\(quote)"), "\(row)")
            default: #expect(row.exchange == "binance" && row.product.hasSuffix(quote), "\(row)")
            }
        }
    }

    @Test("another file adds lines, and takes the place of those about the same product or the same coin and currency")
    func override() throws {
        var table = try table(
            """
            kraken,BTC/USD,bitcoin,btc,Bitcoin,usd
            kraken,ETH/USD,ethereum,eth,Ethereum,usd
            coinbase,BTC-USD,bitcoin,btc,Bitcoin,usd
            """
        )
        try table.add(
            """
            # mine
            exchange,product,coin_id,symbol,name,vs_currency

            kraken, BTC/USD , wrapped-bitcoin, WBTC, ,USD
            kraken,ETH2/USD,ethereum,eth,Ethereum,usd
            kraken,NEW/USD,new-coin,new,New,usd\r
            """,
            from: "mine.csv"
        )
        #expect(table.rows.map(\.product) == ["BTC-USD", "BTC/USD", "ETH2/USD", "NEW/USD"])
        #expect(table.rows[1].coinID == "wrapped-bitcoin")
        #expect(table.rows[1].symbol == "wbtc")
        #expect(table.rows[1].name == "")
        #expect(table.rows[1].vsCurrency == "usd")
    }

    @Test(
        "a line that can't be used is named with its number and the reason",
        arguments: [
            ("kraken,BTC/USD,bitcoin,btc,usd", "5 fields instead of 6"),
            ("kraken,BTC/USD,bitcoin,btc,Bit,coin,usd", "7 fields instead of 6"),
            (",BTC/USD,bitcoin,btc,Bitcoin,usd", "exchange is empty"),
            ("kraken,BTC/USD,,btc,Bitcoin,usd", "coin_id is empty"),
            ("kraken,BTC USD,bitcoin,btc,Bitcoin,usd", "product holds white space"),
            ("kraken,BTC/USD,bitcoin,btc,\"Bitcoin\",usd", "a quotation mark"),
            ("kraken,BTC/USD,bit\u{0}coin,btc,Bitcoin,usd", "a control character"),
            ("kraken,\(String(repeating: "x", count: 65)),a,b,c,usd", "product has more than 64 bytes"),
            ("kraken,A/USD,a,a,\(String(repeating: "x", count: 257)),usd", "the name has more than 256 bytes"),
        ]
    )
    func badLine(_ line: String, _ reason: String) throws {
        let error = try #require(
            #expect(throws: ProductTableError.self) { try table("coinbase,A-USD,a,a,A,usd\n\(line)") }
        )
        #expect(error.description.hasPrefix("test.csv, line 2: "))
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test(
        "what a file says twice is named with both lines",
        arguments: [
            ("kraken,BTC/USD,other,oth,Other,usd", "kraken's BTC/USD stands in line 1 already"),
            ("kraken,XBT/USD,bitcoin,xbt,Bitcoin,usd", "bitcoin in usd on kraken stands in line 1 already"),
            ("kraken,OTHER/USD,other,btc,Other,usd", "btc-usd@kraken stands in line 1 already"),
        ]
    )
    func twice(_ line: String, _ reason: String) throws {
        let error = try #require(
            #expect(throws: ProductTableError.self) {
                try table("kraken,BTC/USD,bitcoin,btc,Bitcoin,usd\n\n\(line)")
            }
        )
        #expect(error.description == "test.csv, line 3: \(reason)")
    }
}
