/// A topic to be created, and how the broker is to keep it.
public struct NewTopic: Sendable, Hashable {
    /// The full name, prefix included.
    public var name: String
    /// How many partitions.
    public var partitions: Int
    /// How many brokers hold each record.
    public var replicationFactor: Int
    /// Kafka's topic configuration, for example `cleanup.policy`.
    public var configuration: [String: String]

    /// Names a topic.
    public init(name: String, partitions: Int = 3, replicationFactor: Int = 1, configuration: [String: String] = [:]) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.configuration = configuration
    }

    /// A topic of the suite, kept as the design says (section 3).
    public init(_ topic: Topic, prefix: String, partitions: Int = 3, replicationFactor: Int = 1) {
        let day = 86_400_000
        let configuration: [String: String]
        switch topic {
        case .raw, .late:
            configuration = ["cleanup.policy": "delete", "retention.ms": "\(7 * day)"]
        case .aggregates1m, .aggregatesSliding, .alerts, .deadLetter:
            configuration = ["cleanup.policy": "delete", "retention.ms": "\(30 * day)"]
        case .alertRules, .aggregatorState, .ingestorState:
            // The segment that is being written is never compacted, and by default it grows to 1 GB: whoever restores from
            // the topic would read all of it.
            configuration = ["cleanup.policy": "compact", "segment.bytes": "\(64 << 20)", "segment.ms": "\(day / 24)"]
        }
        self.init(
            name: topic.name(prefix: prefix),
            partitions: partitions,
            replicationFactor: replicationFactor,
            configuration: configuration
        )
    }
}
