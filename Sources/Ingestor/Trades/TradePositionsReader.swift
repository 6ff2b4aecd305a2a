import Logging
import Shared

/// Reads back from the end of `prices.raw` which trades of each product were sent: the Ingestor's position is what stands in
/// the topic, so no other store can disagree with it.
struct TradePositionsReader {
    /// How many records of each partition are read first; ten times as many if products are still missing then, and so on.
    static let first: Int64 = 10_000
    /// How many records of each partition are read at most. Of a product that is not among them nobody knows what was
    /// sent: its trades begin with the first that the exchange tells.
    static let most: Int64 = 1_000_000

    /// Where the brokers are.
    let kafka: KafkaSettings
    /// Gets a heartbeat while reading.
    let readiness: Readiness

    /// The last trades of the exchanges' products.
    /// - Parameter partitions: how many partitions the topic has.
    /// - Throws: ``KafkaError`` when a partition cannot be read to its end.
    func restore(_ exchanges: [any Exchange], partitions: Int) throws -> [[TradePosition?]] {
        let reader = try KafkaReader(settings: kafka, heartbeat: readiness.heartbeat)
        let topic = kafka.name(.raw)
        var unread: [TopicPartition: Range<Int64>] = [:]
        for number in 0..<partitions {
            let partition = TopicPartition(topic: topic, partition: Int32(number))
            unread[partition] = try reader.watermarkOffsets(of: partition)
        }
        var positions = TradePositions()
        var reach = Self.first
        while true {
            for (partition, offsets) in unread where !offsets.isEmpty {
                let start = max(offsets.lowerBound, offsets.upperBound - reach)
                try reader.readToEnd(of: partition, from: start, timeout: .seconds(60)) { record in
                    guard let value = record.value, let tick = try? PriceTick(json: value.span) else { return }
                    positions.restore(tick)
                }
            }
            let found = exchanges.map { exchange in
                exchange.products.map { positions.position(of: $0, at: exchange.name) }
            }
            let all = found.joined().count
            let known = found.joined().count { $0 != nil }
            let isWhole = unread.values.allSatisfy { $0.count <= reach }
            if known == all || isWhole || reach >= Self.most {
                Logger(label: "feed").info("trades of \(known) of \(all) products were sent before")
                return found
            }
            reach *= 10
        }
    }
}
