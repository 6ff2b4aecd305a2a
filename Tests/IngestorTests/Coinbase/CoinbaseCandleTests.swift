import Shared
import Testing

@testable import Ingestor

@Suite("Coinbase's trades and its candles")
struct CoinbaseCandleTests {
    private let exchange = CoinbaseExchange(products: [.named("BTC-USD")])

    private func trades() throws -> [Trade] {
        let trades = try exchange.history(CoinbaseCandleRecordings.history)
        #expect(trades.map(\.id) == Array(1_068_572_034...1_068_572_123))
        return trades
    }

    @Test("recorded trades of a whole minute make the candle that the exchange published at its end, digit for digit")
    func minute() throws {
        let candles = try exchange.aggregates(of: trades()).map { ExchangeCandle($0) }
        #expect(candles.map(\.start) == [1_786_309_440, 1_786_309_500, 1_786_309_560])
        #expect(candles[1] == CoinbaseCandleRecordings.states.last?.candle)
    }

    @Test("recorded trades make the running candle of five minutes as it was published, each time", arguments: 0..<3)
    func running(state: Int) throws {
        let (end, candle) = CoinbaseCandleRecordings.states[state]
        let instant = try #require(EventTime(end))
        let before = try trades().filter { $0.time < instant }
        let candles = try exchange.aggregates(of: before, every: 300_000_000).map { ExchangeCandle($0) }
        #expect(candles.last == candle)
    }
}
