import Synchronization
import TestSupport
import Testing

@testable import Shared

@Suite("Kafka clients that end", .ownThread)
struct ClosingClientsTests {
    @Test("one whose end never comes holds nobody up, and counts as hanging after a minute")
    func hanging() async throws {
        let closing = ClosingClients()
        let release = StopSignal()
        closing.close { release.sleep(for: .seconds(600)) }
        closing.close {}
        let later = { ContinuousClock.now + ClosingClients.patience }
        try await eventually("the other is gone") { closing.hanging(at: later()) == 1 }
        let now = ContinuousClock.now
        #expect(closing.hanging(at: now) == 0)
        #expect(closing.hanging(at: now + ClosingClients.patience) == 1)
        release.request()
        try await eventually("both are gone") { closing.hanging(at: later()) == 0 }
    }

    @Test("a call that may be left behind counts as long as it lasts")
    func call() {
        let closing = ClosingClients()
        let later = ContinuousClock.now + ClosingClients.patience * 2
        #expect(closing.count { closing.hanging(at: later) } == 1)
        #expect(closing.hanging(at: later) == 0)
    }

    @Test("when too many hang, the next client is refused, and that ends the process")
    func limit() throws {
        let closing = ClosingClients()
        let release = StopSignal()
        defer { release.request() }
        let later = ContinuousClock.now + ClosingClients.patience + .seconds(60)
        for _ in 1..<ClosingClients.limit {
            closing.close { release.sleep(for: .seconds(600)) }
        }
        try closing.check(at: later)
        closing.close { release.sleep(for: .seconds(600)) }
        try closing.check()
        let error = #expect(throws: KafkaError.self) { try closing.check(at: later) }
        #expect(error?.disposition == .fatal)
    }

    @Test("/metrics shows how many hang")
    func metric() {
        let registry = PrometheusRegistry()
        ClosingClients().register(in: registry)
        #expect(registry.render().contains("tickline_kafka_clients_hanging 0\n"))
    }
}
