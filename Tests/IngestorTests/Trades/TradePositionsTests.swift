import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("Where a feed goes on", .ownThread)
struct TradePositionsTests {
    @Test("the last trade of each product and exchange is read back from the end of the topic, as far back as needed")
    func readBack() throws {
        let broker = try TestBroker(topics: ["prices.raw": 2])
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(broker.name("prices.raw"), schema: "price-tick/1")
        func send(_ coin: String, _ id: String?, at time: Int64, source: String = "scripted") throws {
            let tick = PriceTick(
                coinID: coin,
                symbol: "",
                name: "",
                vsCurrency: "usd",
                price: Price(1),
                tradeID: id,
                timestamp: .test(time),
                ingestedAt: .test(time),
                source: source
            )
            var json = JSONWriter()
            tick.write(to: &json)
            try Array(coin.utf8).withUnsafeBufferPointer { key in
                try json.withUnsafeBytes { value in
                    try producer.send(to: topic, key: key, value: value)
                }
            }
        }
        try send("coin-0", "41", at: 41)
        // So many that the first look doesn't reach behind them.
        for id in 0..<TradePositionsReader.first { try send("coin-1", "\(1_000 + id)", at: id) }
        try send("coin-1", "999999", at: 7, source: "another")
        try send("coin-1", nil, at: 8)
        try send("coin-1", "not a number", at: 9)
        try send("coin-1", "-5", at: 10)
        try producer.flush(timeout: .seconds(30))

        let reader = TradePositionsReader(kafka: broker.settings, readiness: Readiness())
        let found = try reader.restore([ScriptedExchange(products: 3)], partitions: 2)
        let last = TradePosition(id: 999 + TradePositionsReader.first, time: .test(TradePositionsReader.first - 1))
        #expect(found == [[TradePosition(id: 41, time: .test(41)), last, nil]])
    }
}
