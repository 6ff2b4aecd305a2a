import Shared
import TestSupport
import Testing

@testable import LocalBroker

@Suite("LocalBroker", .ownThread)
struct MockClusterTests {
    @Test("The broker has the topics it was asked for, with their partitions")
    func topics() throws {
        let cluster = try MockCluster(topics: [("a", 3), ("b", 1)])
        let settings = KafkaSettings(bootstrapServers: cluster.bootstrapServers)
        #expect(try KafkaTopics.check(["a", "b"], settings: settings) == ["a": 3, "b": 1])
    }

    @Test(
        "A list of topics is names with or without partitions",
        arguments: [
            ("a", [TopicArgument(name: "a", partitions: 3)]),
            ("a:1,b", [TopicArgument(name: "a", partitions: 1), TopicArgument(name: "b", partitions: 3)]),
        ]
    )
    func list(text: String, expected: [TopicArgument]) throws {
        #expect(try TopicArgument.list(text) == expected)
    }

    @Test("What is no topic is refused", arguments: ["a:0", "a:x", ":3", "a:1:2", "a:1001"])
    func refused(text: String) {
        #expect(throws: (any Error).self) { try TopicArgument.list(text) }
    }

    @Test("Without a list it is the suite's topics under their prefix")
    func suite() {
        #expect(TopicArgument.suite(prefix: "x.").map(\.name).contains("x.prices.raw"))
        #expect(TopicArgument.suite(prefix: "").count == Topic.allCases.count)
    }
}
