import Shared

@testable import Persister

/// Ticks and windows for the tests, made from a number.
enum Ticks {
    /// A source of records.
    static let source = TopicPartition(topic: "test.prices.raw", partition: 0)
    /// 2026-11-22T00:00:00Z.
    static let start: Int64 = 1_795_305_600_000_000

    /// The tick of a number: 100 coins, one tick per millisecond, every field used.
    static func tick(_ number: Int, price: Price? = nil, source: String = "test") -> PriceTick {
        let coin = number % 100
        return PriceTick(
            coinID: "coin-\(coin)",
            symbol: "c\(coin)",
            name: "Coin \"\(coin)\" é",
            vsCurrency: "usd",
            price: price ?? Price(units: Int128(number + 1) * 12_345_678_901_234_567),
            marketCap: number % 3 == 0 ? nil : Price(units: Int128(number) * Price.unitsPerOne * 1_000_003),
            marketCapRank: number % 5 == 0 ? nil : coin + 1,
            totalVolume: Price(units: Int128(number) * 1_000_000_000_000_000_000),
            high24h: nil,
            low24h: Price(units: 1),
            priceChangePercentage24h: Price(units: -Int128(number) * 10_000_000_000_000_000),
            timestamp: EventTime(microseconds: start + Int64(number) * 1000),
            ingestedAt: EventTime(microseconds: start + Int64(number) * 1000 + 7),
            source: source
        )
    }

    /// The JSON of a tick.
    static func json(_ tick: PriceTick) -> [UInt8] {
        var writer = JSONWriter()
        tick.write(to: &writer)
        return writer.withUnsafeBytes { Array($0) }
    }

    /// The JSON of a window.
    static func json(_ window: PriceAggregate) -> [UInt8] {
        var writer = JSONWriter()
        window.write(to: &writer)
        return writer.withUnsafeBytes { Array($0) }
    }

    /// The JSON of an alert.
    static func json(_ alert: PriceAlert) -> [UInt8] {
        var writer = JSONWriter()
        alert.write(to: &writer)
        return writer.withUnsafeBytes { Array($0) }
    }

    /// A window of one minute, or of five that slide.
    static func window(minute: Int, close: Int, revision: Int, sliding: Bool = false) -> PriceAggregate {
        let start = EventTime(microseconds: start + Int64(minute) * 60_000_000)
        return PriceAggregate(
            coinID: "bitcoin",
            vsCurrency: "usd",
            window: sliding ? .sliding : .tumbling,
            windowStart: start,
            windowEnd: EventTime(microseconds: start.microseconds + (sliding ? 300_000_000 : 60_000_000)),
            open: Price(units: Price.unitsPerOne),
            high: Price(units: Price.unitsPerOne * Int128(close)),
            low: Price(units: Price.unitsPerOne),
            close: Price(units: Price.unitsPerOne * Int128(close)),
            average: Price(units: Price.unitsPerOne),
            sampleCount: 2,
            firstTickAt: start,
            lastTickAt: EventTime(microseconds: start.microseconds + 1),
            revision: revision
        )
    }

    /// A batch of records with consecutive offsets.
    static func batch(
        _ values: [[UInt8]],
        into table: SinkTable = .rawPriceData,
        from firstOffset: Int64 = 0,
        source: TopicPartition = Ticks.source,
        requeuedFor services: [String]? = nil,
        rules: RecordRules = RecordRules(latest: EventTime(microseconds: .max))
    ) -> Batch {
        var batch = Batch(source: source, table: table, firstOffset: firstOffset)
        let key = Array("key".utf8)
        for (index, value) in values.enumerated() {
            key.withUnsafeBufferPointer { key in
                value.withUnsafeBufferPointer { value in
                    batch.append(
                        offset: firstOffset + Int64(index),
                        key: key,
                        value: value,
                        requeuedFor: services,
                        rules: rules,
                        directory: CoinDirectory()
                    )
                }
            }
        }
        return batch
    }
}
