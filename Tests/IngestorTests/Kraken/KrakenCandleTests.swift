import Shared
import Testing

@testable import Ingestor

@Suite("Kraken's trades and its candles")
struct KrakenCandleTests {
    @Test("recorded trades make the candles that the exchange published, digit for digit")
    func candles() throws {
        let exchange = KrakenExchange(products: [.named("BTC/USDT")])
        let trades = try exchange.history(KrakenRecordings.history)
        #expect(trades.map(\.id) == Array(10_218_209...10_218_234))
        let minutes = Dictionary(grouping: trades) { $0.time.unixSeconds / 60 * 60 }
        let candles = try minutes.sorted { $0.key < $1.key }.map { try candle($0.key, $0.value) }
        #expect(candles == KrakenRecordings.candles)
    }

    @Test("times keep their microseconds, and what is less is cut off")
    func times() throws {
        let trades = try KrakenExchange(products: [.named("BTC/USDT")]).history(KrakenRecordings.history)
        #expect(trades.first?.time.description == "2025-11-10T17:24:17.846737Z")
        #expect(trades.first?.side == .buy)
        #expect(trades.last?.time.description == "2025-11-10T17:30:06.198866Z")
    }

    private func candle(_ start: Int64, _ trades: [Trade]) throws -> KrakenCandle {
        let prices = trades.map(\.price)
        let volume = trades.reduce(Int128(0)) { $0 + $1.size.units }
        // Prices have 1 decimal and sizes 8, so the sum of their products is exact as a count of 10⁻⁹.
        let tenth = Price.unitsPerOne / 10
        let smallest = Price.unitsPerOne / 100_000_000
        let quote = trades.reduce(Int128(0)) { $0 + $1.price.units / tenth * ($1.size.units / smallest) }
        let vwap = Price(units: quote / (volume / smallest) * tenth)
        return KrakenCandle(
            start,
            try #require(prices.first).description,
            try #require(prices.max()).description,
            try #require(prices.min()).description,
            try #require(prices.last).description,
            vwap.description,
            Price(units: volume).description,
            trades.count
        )
    }
}
