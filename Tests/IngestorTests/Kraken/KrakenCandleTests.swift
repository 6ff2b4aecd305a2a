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
        let aggregates = try exchange.aggregates(of: trades).filter { !$0.synthetic }
        let candles = aggregates.map { ExchangeCandle($0, vwap: $0.vwap.map(cut), count: $0.tradeCount) }
        #expect(candles == KrakenRecordings.candles)
    }

    @Test("times keep their microseconds, and what is less is cut off")
    func times() throws {
        let trades = try KrakenExchange(products: [.named("BTC/USDT")]).history(KrakenRecordings.history)
        #expect(trades.first?.time.description == "2025-11-10T17:24:17.846737Z")
        #expect(trades.first?.side == .buy)
        #expect(trades.last?.time.description == "2025-11-10T17:30:06.198866Z")
    }

    /// What is left of a VWAP at the one decimal that prices have.
    private func cut(_ vwap: Price) -> Price {
        let tenth = Price.unitsPerOne / 10
        return Price(units: vwap.units / tenth * tenth)
    }
}
