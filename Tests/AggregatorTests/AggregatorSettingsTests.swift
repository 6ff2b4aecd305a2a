import Shared
import Testing

@testable import Aggregator

@Suite("The Aggregator's settings")
struct AggregatorSettingsTests {
    @Test("group and transactional id have the topics' prefix, so that two stacks on one broker don't meet")
    func prefix() throws {
        func settings(_ more: [String: String]) throws -> AggregatorSettings {
            try AggregatorSettings(SettingsReader(environment: more.merging(["AGGREGATOR_INSTANCE": "one"]) { $1 }))
        }
        #expect(try settings([:]).group == "aggregator")
        #expect(try settings([:]).transactionalID == "aggregator-one")
        let other = try settings(["KAFKA_TOPIC_PREFIX": "b.", "AGGREGATOR_GROUP": "mine"])
        #expect(other.group == "b.mine")
        #expect(other.transactionalID == "b.mine-one")
    }
}
