import Logging
import Shared

/// Reads back what was sent of each coin before the process started: the Ingestor's position is what stands in
/// `prices.raw` (design, section 5), so no other store can disagree with it.
struct SentTicksReader {
    /// Where the brokers are.
    let kafka: KafkaSettings
    /// How far a tick may be ahead of this machine's clock and be believed.
    let tolerance: Duration
    /// How many records to read at the end of each partition. A coin that is not among them, because it has not moved
    /// for long, is sent once more.
    let limit: Int
    /// Gets a heartbeat while reading.
    let readiness: Readiness

    /// Takes the newest tick of each coin over that came from CoinGecko.
    /// - Parameters:
    ///   - sent: the memory to fill.
    ///   - partitions: how many partitions the topic has.
    /// - Throws: ``KafkaError`` when a partition cannot be read to its end.
    func restore(_ sent: inout SentTicks, partitions: Int) throws {
        guard limit > 0 else { return }
        let latest = AnswerTime(date: nil, wall: .now(), tolerance: tolerance).latest
        let reader = try KafkaReader(settings: kafka)
        for number in 0..<partitions {
            let partition = TopicPartition(topic: kafka.name(.raw), partition: Int32(number))
            let offsets = try reader.watermarkOffsets(of: partition)
            if offsets.isEmpty { continue }
            let start = max(offsets.lowerBound, offsets.upperBound - Int64(limit))
            try reader.readToEnd(of: partition, from: start, timeout: .seconds(30)) { record in
                readiness.heartbeat.beat()
                guard let value = record.value, let tick = try? PriceTick(json: value.span),
                    tick.source == PriceTick.coinGeckoSource.description
                else { return }
                sent.restore(
                    coinID: tick.coinID,
                    vsCurrency: tick.vsCurrency,
                    timestamp: tick.timestamp,
                    price: tick.price,
                    latest: latest
                )
            }
        }
        let log = Logger(label: "coingecko")
        log.info("\(sent.count) coins were sent before", metadata: ["topic": "\(kafka.name(.raw))"])
    }
}
