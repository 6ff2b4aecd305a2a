import Glibc
import Shared
import TestSupport

/// Writes ticks of 1000 coins to `prices.raw` at a steady rate. Each says of itself that it happened and was received when it
/// was due, so what is late because of the one before it counts as late: coordinated omission hides nothing.
final class SteadyFeed {
    private let producer: KafkaProducer
    private let topic: KafkaProducer.DestinationTopic
    private var ticks: [PriceTick]
    private var json = JSONWriter()

    init(_ broker: TestBroker) throws {
        producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        topic = try producer.topic(broker.name(Topic.raw.rawValue))
        ticks = JSONBench.ticks(count: 1_000)
        for index in ticks.indices { ticks[index].coinID = "coin-\(index)" }
    }

    /// Sends so many a second, and waits until the brokers have all.
    /// - Returns: how many there were.
    @discardableResult
    func send(perSecond rate: Int, seconds: Int) throws -> Int {
        let start = EventTime.now().microseconds
        for number in 0..<(rate * seconds) {
            let due = start + Int64(number) * 1_000_000 / Int64(rate)
            while true {
                let wait = due - EventTime.now().microseconds
                if wait <= 0 { break }
                usleep(UInt32(min(wait, 1_000)))
            }
            let coin = number % ticks.count
            (ticks[coin].timestamp, ticks[coin].ingestedAt) = (
                EventTime(microseconds: due), EventTime(microseconds: due)
            )
            json.reset()
            ticks[coin].write(to: &json)
            try producer.send(to: topic, key: ticks[coin].coinID, value: json.withUnsafeBytes { Array($0) })
        }
        try producer.flush(timeout: .seconds(60))
        return rate * seconds
    }
}
