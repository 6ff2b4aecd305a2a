import Shared
import Testing

@testable import Ingestor

@Suite("Binance's trades and its candles")
struct BinanceCandleTests {
    @Test("recorded trades make the candles that the exchange published, digit for digit, those of empty minutes too")
    func candles() throws {
        let exchange = BinanceExchange(products: [.named("XRPETH")])
        let trades = try exchange.history(BinanceCandleRecordings.history)
        #expect(trades.map(\.id) == Array(15_383_817...15_383_838))
        let candles = try exchange.aggregates(of: trades).map { ExchangeCandle($0) }
        #expect(candles.dropFirst().dropLast() == BinanceCandleRecordings.candles[...])
    }

    @Test("recorded trades make the running candle as it was published, with quote volume and count", arguments: 0..<3)
    func running(state: Int) throws {
        let exchange = BinanceExchange(products: [.named("DOTUSDT")])
        let lines = BinanceCandleRecordings.messages.split(separator: "\n")
        let trades = try lines.flatMap { try exchange.events(String($0)) }.compactMap(\.trade)
        #expect(trades.map(\.id) == Array(63_392_693...63_392_708))
        let (last, candle) = BinanceCandleRecordings.states[state]
        let minutes = try exchange.aggregates(of: trades.filter { $0.id <= last })
        let candles = minutes.map { ExchangeCandle($0, quoteVolume: $0.quoteVolume, count: $0.tradeCount) }
        #expect(candles.map(\.start) == [1_617_566_580, 1_617_566_640])
        #expect(candles.last == candle)
    }
}
