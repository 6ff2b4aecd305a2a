import Shared
import Testing

@testable import Ingestor

@Suite("Products found by the bytes of their names")
struct ProductIndexTests {
    @Test("every one of many names is found, and no other one", arguments: [0, 1, 15, 16, 17, 1_000, 5_000])
    func many(_ count: Int) {
        let names = (0..<count).map { "P\($0)-USD" }
        let index = ProductIndex(names.map(Product.named))
        for (number, name) in names.enumerated() { #expect(index.number(of: name.utf8.span) == number) }
        for name in ["", "P", "P\(count)-USD", "p0-usd", "P0-USD\u{0}"] {
            #expect(index.number(of: name.utf8.span) == nil)
        }
    }

    @Test("of equal names the first is found")
    func equal() {
        let index = ProductIndex(["A", "B", "A"].map(Product.named))
        #expect(index.number(of: "A".utf8.span) == 0)
    }

    @Test("a complaint's words name a product, whatever stands around them")
    func mentioned() {
        let index = ProductIndex(["BTC-USD", "BTC/EUR"].map(Product.named))
        #expect(index.number(mentionedIn: "'BTC-USD', is not a valid product") == 0)
        #expect(index.number(mentionedIn: "Currency pair not supported:BTC/EUR.") == 1)
        #expect(index.number(mentionedIn: "BTC-USDT is not a valid product") == nil)
        #expect(index.number(mentionedIn: "") == nil)
    }
}
