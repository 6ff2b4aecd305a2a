import ArgumentParser
import Shared

/// Creates the suite's topics on a real broker.
struct CreateTopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create-topics",
        abstract: "Create the suite's topics on a real broker, with retention and compaction; existing ones stay."
    )

    @Option(help: "The broker, as HOST:PORT.")
    var bootstrapServers: String

    @Option(help: "Put before every topic's name.")
    var prefix = ""

    @Option(help: "Partitions of each topic.")
    var partitions = 3

    @Option(help: "How many brokers hold each record.")
    var replicationFactor = 1

    func validate() throws {
        if !(1...1_000).contains(partitions) {
            throw ValidationError("--partitions \(partitions) is not between 1 and 1000")
        }
        if !(1...100).contains(replicationFactor) {
            throw ValidationError("--replication-factor \(replicationFactor) is not between 1 and 100")
        }
    }

    func run() async throws {
        let settings = KafkaSettings(bootstrapServers: bootstrapServers, topicPrefix: prefix)
        let topics = Topic.allCases.map {
            NewTopic($0, prefix: prefix, partitions: partitions, replicationFactor: replicationFactor)
        }
        try KafkaTopics.create(topics, settings: settings)
        for topic in topics {
            print("\(topic.name): \(topic.partitions) partitions, \(topic.configuration["cleanup.policy"] ?? "delete")")
        }
    }
}
