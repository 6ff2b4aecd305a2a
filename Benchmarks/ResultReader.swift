import Shared

/// Follows a topic of windows as a `read_committed` reader.
struct ResultReader: Sendable {
    private let settings: KafkaSettings
    private let topic: String

    /// - Parameter topic: its full name; it has three partitions.
    init(_ settings: KafkaSettings, topic: String) {
        self.settings = settings
        self.topic = topic
    }

    /// Reads from the beginning until it is over.
    /// - Parameter take: gets each window's end and the time at which it was read, in µs since the Unix epoch.
    func run(until isOver: () -> Bool, _ take: (_ windowEnd: Int64, _ now: Int64) -> Void) {
        guard let reader = try? KafkaReader(settings: settings) else { return }
        let partitions = (0..<Int32(3)).map { (TopicPartition(topic: topic, partition: $0), Int64(0)) }
        try? reader.assign(Dictionary(uniqueKeysWithValues: partitions))
        while !isOver() {
            _ = try? reader.poll(max: 10_000, timeout: .milliseconds(10)) { record in
                let now = EventTime.now().microseconds
                guard let value = record.value, let result = try? PriceAggregate(json: value.span) else { return }
                take(result.windowEnd.microseconds, now)
            }
        }
    }
}
