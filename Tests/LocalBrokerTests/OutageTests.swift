import Foundation
import Shared
import TestSupport
import Testing

@Suite(
    "A test's broker that goes away",
    .ownThread,
    .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be away")
)
struct OutageTests {
    /// librdkafka's own way ends the process here: a program that is being started holds the listener for a moment.
    @Test("It comes back with its topics, also while other threads start programs")
    func outages() throws {
        let broker = try TestBroker(topics: ["a": 2], canGoAway: true)
        let isOver = StopSignal()
        defer { isOver.request() }
        try DedicatedThread.start(name: "programs") {
            while !isOver.isRequested {
                let program = Process()
                program.executableURL = URL(fileURLWithPath: "/bin/true")
                guard (try? program.run()) != nil else { return }
                program.waitUntilExit()
            }
        }
        for _ in 0..<50 {
            broker.setReachable(false)
            #expect(throws: KafkaError.self) {
                try KafkaReader(settings: broker.settings).topics(timeout: .milliseconds(20))
            }
            broker.setReachable(true)
        }
        #expect(try KafkaTopics.check([broker.name("a")], settings: broker.settings) == [broker.name("a"): 2])
    }
}
