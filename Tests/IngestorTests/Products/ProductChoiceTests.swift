import Shared
import Testing

@testable import Ingestor

@Suite("The choice of products")
struct ProductChoiceTests {
    private func found(_ choice: ProductChoice, _ exchange: String) throws -> ProductChoice.Found {
        var table = ProductTable()
        try table.add(
            """
            kraken,BTC/USD,bitcoin,btc,Bitcoin,usd
            kraken,BTC/EUR,bitcoin,btc,Bitcoin,eur
            kraken,ETH/USD,ethereum,eth,Ethereum,usd
            kraken,XRP/EUR,ripple,xrp,XRP,eur
            binance,BTCUSDT,bitcoin,btc,Bitcoin,usdt
            binance,BTCUSDC,bitcoin,btc,Bitcoin,usdc
            """,
            from: "test.csv"
        )
        return try choice.products(of: exchange, in: table)
    }

    @Test("the largest coins are the first of those that have the currencies")
    func largest() throws {
        let usd = try found(ProductChoice(coins: .largest(2), vsCurrencies: ["usd"]), "kraken")
        #expect(usd.products.map(\.name) == ["BTC/USD", "ETH/USD"])
        #expect(usd.missing == [])
        let eur = try found(ProductChoice(coins: .largest(100), vsCurrencies: ["eur", "usd"]), "kraken")
        #expect(eur.products.map(\.name) == ["BTC/EUR", "BTC/USD", "ETH/USD", "XRP/EUR"])
    }

    @Test("coins by their ids come in the wish's order, and what isn't there is told")
    func ids() throws {
        let choice = ProductChoice(coins: .ids(["ethereum", "kaspa", "bitcoin"]), vsCurrencies: ["usd", "gbp"])
        let found = try found(choice, "kraken")
        #expect(found.products.map(\.name) == ["ETH/USD", "BTC/USD"])
        #expect(found.missing == ["gbp", "kaspa"])
    }

    @Test("products by their names take the place of coins and currencies")
    func names() throws {
        var choice = ProductChoice(coins: .largest(1), vsCurrencies: ["usd"])
        choice.products = ["XRP/EUR", "FOO/EUR", "XRP/EUR", "BTC/USD"]
        let found = try found(choice, "kraken")
        #expect(found.products.map(\.name) == ["XRP/EUR", "BTC/USD"])
        #expect(found.missing == ["FOO/EUR"])
    }

    @Test("a product has CoinGecko's id, or one of its own on its exchange")
    func pairIDs() throws {
        var choice = ProductChoice(coins: .largest(1), vsCurrencies: ["usd"])
        let product = Product(
            name: "BTC/USD",
            coinID: "bitcoin",
            symbol: "btc",
            coinName: "Bitcoin",
            vsCurrency: "usd"
        )
        #expect(try found(choice, "kraken").products == [product])
        choice.pairIDs = .exchange
        #expect(try found(choice, "kraken").products.map(\.coinID) == ["btc-usd@kraken"])
    }

    @Test("an exchange that has nothing of it says what it has")
    func nothing() throws {
        func error(_ choice: ProductChoice, _ exchange: String) throws -> String {
            try #require(#expect(throws: ProductTableError.self) { try found(choice, exchange) }).description
        }
        var choice = ProductChoice(coins: .largest(1), vsCurrencies: ["usd"])
        #expect(
            try error(choice, "binance")
                == "binance has no products in usd: set INGESTOR_VS_CURRENCIES to some of usdc, usdt"
        )
        #expect(try error(choice, "okx").hasPrefix("the table of products has none of okx"))
        choice.coins = .ids(["kaspa"])
        #expect(
            try error(choice, "kraken")
                == "the table of products has none of kaspa on kraken in usd; INGESTOR_PRODUCTS_FILE adds some"
        )
        choice.products = ["BTC-USD"]
        #expect(try error(choice, "kraken").contains("kraken's BTC-USD: its names are such as BTC/USD"))
    }
}
