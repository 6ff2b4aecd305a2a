import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("Ticks of trades")
struct TradeTicksTests {
    private let product = Product(
        name: "BTC/USD",
        coinID: "bitcoin",
        symbol: "btc",
        coinName: #"Bit "price": coin \ ₿"#,
        vsCurrency: "usd"
    )

    /// What the writer of all other ticks makes of a trade.
    private func tick(_ trade: Trade, ingestedAt: EventTime) -> PriceTick {
        PriceTick(
            coinID: product.coinID,
            symbol: product.symbol,
            name: product.coinName,
            vsCurrency: product.vsCurrency,
            price: trade.price,
            size: trade.size,
            tradeID: "\(trade.id)",
            side: trade.side,
            timestamp: trade.time,
            ingestedAt: ingestedAt,
            source: "kraken"
        )
    }

    private func values(of batch: TickBatch) -> [[UInt8]] {
        batch.records.map { Array(batch.bytes[$0.value]) }
    }

    @Test("a tick has the bytes that the writer of all other ticks makes, whatever the trade", arguments: 1...4)
    func bytes(seed: UInt64) {
        var random = TestSupport.SplitMix64(seed: seed)
        let largest = Price(units: RecordLimit.price.units - 1)
        let prices = [.zero, Price(units: 1), largest]
        let times = [EventTime.earliest, .latest, EventTime(microseconds: 1_764_418_000_123_000)]
        var trades: [Trade] = []
        for _ in 0..<500 {
            let isOdd = random.chance(1, in: 4)
            let price = Price(units: Int128(random.next() % 1_000_000_000_000_000) * 1_000_000_000)
            let size = Price(units: Int128(random.next() % 1_000_000_000_000_000_000))
            let time = EventTime(microseconds: Int64(random.next() % 4_000_000_000_000_000))
            let trade = Trade(
                product: 0,
                id: isOdd ? [0, 1, .max][Int(random.next() % 3)] : Int64(random.next() >> 20),
                price: isOdd ? prices[Int(random.next() % 3)] : price,
                size: isOdd ? prices[Int(random.next() % 3)] : size,
                side: random.chance(1, in: 2) ? .buy : .sell,
                time: isOdd ? times[Int(random.next() % 3)] : time
            )
            trades.append(trade)
        }
        let ticks = TradeTicks(KrakenExchange(products: [product]))
        let ingestedAt = EventTime(microseconds: 1_764_418_000_123_456)
        var (batch, expected) = (TickBatch(), TickBatch())
        for trade in trades {
            ticks.append(trade, ingestedAt: ingestedAt, to: &batch)
            let isValid = expected.append(tick(trade, ingestedAt: ingestedAt))
            #expect(isValid, "seed \(seed)")
        }
        #expect(values(of: batch) == values(of: expected), "seed \(seed)")
        #expect(batch.newest == expected.newest)
        #expect(batch.records.allSatisfy { Array(batch.bytes[$0.key]) == Array("bitcoin".utf8) })
    }
}
