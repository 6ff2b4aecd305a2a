import ArgumentParser
import Shared

/// Creates the suite's topics on a real broker.
struct CreateTopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create-topics",
        abstract: "Create the suite's topics on a real broker, with retention and compaction; existing ones stay.",
        discussion: """
            Reads the same variables of the environment as the services: KAFKA_BOOTSTRAP_SERVERS, KAFKA_TOPIC_PREFIX and \
            every property of librdkafka (KAFKA_SECURITY_PROTOCOL is security.protocol).
            """
    )

    @Option(help: "The broker, as HOST:PORT (default: KAFKA_BOOTSTRAP_SERVERS).")
    var bootstrapServers: String?

    @Option(help: "Put before every topic's name (default: KAFKA_TOPIC_PREFIX).")
    var prefix: String?

    @Option(help: "Partitions of each topic.")
    var partitions = 3

    @Option(help: "How many brokers hold each record.")
    var replicationFactor = 1

    @Option(help: "Only these, by their names without the prefix, separated by commas (default: all).")
    var only: String?

    func validate() throws {
        if !(1...1_000).contains(partitions) {
            throw ValidationError("--partitions \(partitions) is not between 1 and 1000")
        }
        if !(1...100).contains(replicationFactor) {
            throw ValidationError("--replication-factor \(replicationFactor) is not between 1 and 100")
        }
        _ = try selection()
    }

    func run() async throws {
        var settings = try KafkaSettings(SettingsReader(), clientID: "localbroker")
        settings.bootstrapServers = bootstrapServers ?? settings.bootstrapServers
        settings.topicPrefix = prefix ?? settings.topicPrefix
        let topics = try selection().map {
            NewTopic($0, prefix: settings.topicPrefix, partitions: partitions, replicationFactor: replicationFactor)
        }
        try KafkaTopics.create(topics, settings: settings)
        for topic in topics {
            print("\(topic.name): \(topic.partitions) partitions, \(topic.configuration["cleanup.policy"] ?? "delete")")
        }
    }

    /// The topics that were asked for.
    /// - Throws: a `ValidationError` that names the one that is no topic of the suite.
    func selection() throws -> [Topic] {
        guard let only else { return Topic.allCases }
        return try only.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let topic = Topic(rawValue: String(name)) else {
                throw ValidationError("--only: '\(name)' is no topic of the suite")
            }
            return topic
        }
    }
}
