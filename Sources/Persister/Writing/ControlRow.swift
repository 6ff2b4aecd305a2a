import Shared

/// A row that every table of ours must take. Where it is refused too, a refused record is not at fault.
///
/// Without it, a column that somebody added with NOT NULL, or an extension that fails, would make dead letters of
/// everything that comes.
enum ControlRow {
    private static let coinID = "tickline-control"

    /// A batch of one row.
    /// - Parameter now: The row's time: that of the stream in the ordinary run.
    static func batch(for table: SinkTable, now: EventTime) -> Batch {
        var batch = Batch(source: TopicPartition(topic: coinID, partition: 0), table: table, firstOffset: 0)
        let key = Array(coinID.utf8)
        json(for: table, now: now).withUnsafeBytes { json in
            json.withMemoryRebound(to: UInt8.self) { value in
                key.withUnsafeBufferPointer { key in
                    batch.append(
                        offset: 0,
                        key: key,
                        value: value,
                        rules: RecordRules(latest: now),
                        directory: CoinDirectory()
                    )
                }
            }
        }
        return batch
    }

    private static func json(for table: SinkTable, now: EventTime) -> JSONWriter {
        var writer = JSONWriter()
        let one = Price(units: Price.unitsPerOne)
        switch table {
        case .rawPriceData:
            PriceTick(
                coinID: coinID,
                symbol: "",
                name: "",
                vsCurrency: "usd",
                price: one,
                size: one,
                tradeID: "1",
                side: .buy,
                timestamp: now,
                ingestedAt: now,
                source: "control"
            )
            .write(to: &writer)
        case .aggregates1m, .aggregatesSliding:
            let minute: Int64 = 60_000_000
            let start = now.microseconds / minute * minute
            PriceAggregate(
                coinID: coinID,
                vsCurrency: "usd",
                window: .tumbling,
                windowStart: EventTime(microseconds: start),
                windowEnd: EventTime(microseconds: start + minute),
                open: one,
                high: one,
                low: one,
                close: one,
                average: one,
                sampleCount: 1,
                tradeCount: 1,
                volume: one,
                quoteVolume: one,
                vwap: one,
                firstTickAt: EventTime(microseconds: start),
                lastTickAt: EventTime(microseconds: start)
            )
            .write(to: &writer)
        case .alerts:
            PriceAlert(
                alertID: "\(coinID):\(now.microseconds)",
                ruleID: coinID,
                coinID: coinID,
                vsCurrency: "usd",
                kind: .above,
                threshold: one,
                windowMicroseconds: nil,
                value: one,
                price: one,
                triggeredAt: now
            )
            .write(to: &writer)
        case .alertRules:
            AlertRule(ruleID: coinID, coinID: coinID, vsCurrency: "usd", kind: .above, threshold: one)
                .write(to: &writer)
        }
        return writer
    }
}
