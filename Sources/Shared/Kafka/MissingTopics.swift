/// Topics that a service needs and the broker doesn't have. They may be on their way (`kafka-init`), so it is tried again.
public struct MissingTopics: ClassifiedError, CustomStringConvertible {
    /// The missing topics' full names.
    public let topics: [String]
    /// Where they were looked for.
    public let bootstrapServers: String

    /// Topics that were looked for at some brokers.
    public init(topics: [String], bootstrapServers: String) {
        self.topics = topics
        self.bootstrapServers = bootstrapServers
    }

    /// Waits for them.
    public var disposition: Disposition {
        .retry
    }

    /// Names the topics, and what creates them.
    public var description: String {
        """
        Kafka: \(bootstrapServers) has no topic \(topics.joined(separator: ", ")); \
        create them (`localbroker create-topics`, or kafka-init in compose), or check KAFKA_TOPIC_PREFIX
        """
    }
}
