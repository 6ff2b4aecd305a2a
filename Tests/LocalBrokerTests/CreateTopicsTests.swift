import ArgumentParser
import Shared
import Testing

@testable import LocalBroker

@Suite("create-topics")
struct CreateTopicsTests {
    @Test("It makes all topics, or only those that are named")
    func selection() throws {
        #expect(try CreateTopicsCommand.parse([]).selection() == Topic.allCases)
        let some = try CreateTopicsCommand.parse(["--only", "prices.aggregates.sliding,prices.raw"])
        #expect(try some.selection() == [.aggregatesSliding, .raw])
    }

    @Test("A name that is no topic of the suite is refused", arguments: ["", "prices.rwa", "prices.raw,"])
    func unknown(names: String) {
        #expect(throws: (any Error).self) { try CreateTopicsCommand.parse(["--only", names]) }
    }
}
