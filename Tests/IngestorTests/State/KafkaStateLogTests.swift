import Shared
import TestSupport
import Testing

@testable import Ingestor

/// `ingestor.state` on a broker: the mock, or the one that `KAFKA_BOOTSTRAP_SERVERS` names.
@Suite("ingestor.state on a broker", .ownThread, .timeLimit(.minutes(3)))
struct KafkaStateLogTests {
    private static let time = EventTime(milliseconds: 1_779_108_571_123)

    private func broker() throws -> TestBroker {
        try TestBroker(
            topics: ["ingestor.state": 3],
            configuration: [
                "cleanup.policy": "compact", "segment.ms": "1000", "min.cleanable.dirty.ratio": "0.01",
                "delete.retention.ms": "0",
            ]
        )
    }

    private func log(_ broker: TestBroker) throws -> KafkaStateLog {
        try KafkaStateLog(
            kafka: broker.settings,
            partitions: 3,
            heartbeat: Readiness("kafka").heartbeat,
            stop: StopSignal()
        )
    }

    @Test("what one process wrote, another one reads, at its start and later")
    func reads() throws {
        let broker = try broker()
        let first = try log(broker)
        let tick = SentTick(timestamp: Self.time, price: .zero, lastUpdated: nil)
        let coins = (0..<20).map { CoinKey(coinID: "c\($0)", vsCurrency: "usd") }
        for coin in coins[..<10] { try first.write(StateRecord(key: .coin(coin), value: tick.bytes)) }
        try first.flush(timeout: .seconds(10))
        let second = try log(broker)
        #expect(second.table.coins.count == 10)
        for coin in coins[10...] { #expect(try first.append(StateRecord(key: .coin(coin), value: tick.bytes))) }
        #expect(first.table.coins.count == 20)
        for _ in 0..<100 where second.table.coins.count < 20 {
            try second.catchUp()
            StopSignal().sleep(for: .milliseconds(20))
        }
        #expect(second.table.coins.count == 20)
    }

    private static func callTwenty(
        _ kafka: KafkaSettings,
        process: String,
        limits: CallLimits,
        calls: CallCount
    ) throws {
        let log = try KafkaStateLog(
            kafka: kafka,
            partitions: 3,
            heartbeat: Readiness("kafka").heartbeat,
            stop: StopSignal()
        )
        var budget = SharedBudget(log: log, fingerprint: "f", process: process)
        for _ in 0..<20 where try budget.spend(for: .poll, at: time, limits: limits) == .zero {
            calls.add()
        }
    }

    @Test("processes that call at once share a minute, and so does one that starts after compaction")
    func budget() throws {
        let broker = try broker()
        let limits = CallLimits(perMinute: 30, perMonth: 10_000, round: 100)
        let calls = CallCount()
        let kafka = broker.settings
        let done = try (0..<4).map { number in
            let finished = StopSignal()
            try DedicatedThread.start(name: "caller-\(number)") {
                defer { finished.request() }
                #expect(throws: Never.self) {
                    try Self.callTwenty(kafka, process: "p\(number)", limits: limits, calls: calls)
                }
            }
            return finished
        }
        for finished in done {
            while !finished.isRequested { StopSignal().sleep(for: .milliseconds(10)) }
        }
        #expect(calls.value <= 30)
        // Who loses a race eight times in a row waits a second, and this test's callers don't come back.
        #expect(calls.value >= 20)
        if broker.isReal { StopSignal().sleep(for: .seconds(8)) }
        let late = SharedBudget(log: try log(broker), fingerprint: "f", process: "late")
        #expect(late.ledger.spent(at: Self.time) == calls.value)
    }
}
