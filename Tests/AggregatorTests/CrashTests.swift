import Glibc
import Shared
import TestSupport
import Testing

@testable import Aggregator

/// Processes that are killed, stopped and started while ticks come in.
///
/// On a real broker (`KAFKA_BOOTSTRAP_SERVERS`) they get SIGKILL. librdkafka's mock shows records of open and aborted
/// transactions to everybody, so there they get SIGTERM: that shows how partitions move, not isolation.
@Suite("Crashes", .ownThread, .serialized, .timeLimit(.minutes(10)))
struct CrashTests {
    private let broker: TestBroker
    private let plan: WindowPlan

    private static let rules = [
        AlertRule(ruleID: "high", coinID: "*", vsCurrency: "usd", kind: .above, threshold: Price(900)),
        AlertRule(
            ruleID: "fall",
            coinID: "*",
            vsCurrency: "usd",
            kind: .changePct,
            threshold: Price(-90),
            windowMicroseconds: 300_000_000,
            cooldownMicroseconds: 600_000_000
        ),
    ]

    init() throws {
        broker = try TestBroker()
        plan = try RunningAggregator.settings(broker).plan
        try broker.send(Self.rules)
    }

    private func start(_ instance: String) throws -> ServiceProcess {
        try ServiceProcess(
            "aggregator",
            environment: [
                "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
                "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
                "KAFKA_SESSION_TIMEOUT_MS": "6000",
                "KAFKA_HEARTBEAT_INTERVAL_MS": "500",
                // For so long a group waits for a member that was killed while it was joining.
                "KAFKA_MAX_POLL_INTERVAL_MS": "12000",
                "KAFKA_FETCH_WAIT_MAX_MS": "10",
                "AGGREGATOR_GROUP": "aggregator",
                "AGGREGATOR_INSTANCE": instance,
                "AGGREGATOR_FOLLOW_CLOCK": "false",
            ]
        )
    }

    /// Compares every topic with the reference model.
    /// - Parameter hasAborted: whether the topics show an aborted transaction: then what is in it is there once more.
    private func compare(_ feed: TickFeed, hasAborted: Bool = false, _ note: Comment) throws {
        let expected = try feed.expected(plan, rules: Self.rules)
        let lines = try broker.aggregateLines()
        if hasAborted {
            #expect(Set(lines) == Set(expected.lines), note)
            #expect(lines.count >= expected.lines.count, note)
            #expect(Set(try broker.alertIDs()) == Set(expected.alerts), note)
            #expect(try broker.records(of: broker.name(Topic.late.rawValue)).count >= expected.late, note)
            #expect(try broker.records(of: broker.name(Topic.deadLetter.rawValue)).count >= expected.deadLetters, note)
            return
        }
        #expect(lines.count == expected.lines.count, note)
        #expect(lines == expected.lines, note)
        #expect(try broker.alertIDs() == expected.alerts.sorted(), note)
        #expect(try broker.records(of: broker.name(Topic.late.rawValue)).count == expected.late, note)
        #expect(try broker.records(of: broker.name(Topic.deadLetter.rawValue)).count == expected.deadLetters, note)
        #expect(!expected.alerts.isEmpty && expected.late > 0, "the feed has something of everything")
    }

    /// Sends 100 ticks ten times a second, for so long.
    private func load(_ feed: inout TickFeed, milliseconds: Int) throws {
        for _ in 0..<max(1, milliseconds / 100) {
            let next = ContinuousClock.now.advanced(by: .milliseconds(100))
            try feed.send(100)
            let left = ContinuousClock.now.duration(to: next)
            if left > .zero { usleep(UInt32(left / .microseconds(1))) }
        }
    }

    @Test("Two instances that are killed again and again under load write what the reference model says, once")
    func killed() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        var feed = try TickFeed(broker, seed: seed, coins: 40, pace: 150_000)
        var instances = try [start("a"), start("b")]
        let kills = broker.isReal ? 24 : 3
        var hasAborted = false
        for _ in 0..<kills {
            try load(&feed, milliseconds: Int.random(in: 100...2_500, using: &random))
            let victim = Int.random(in: 0..<instances.count, using: &random)
            if broker.isReal {
                instances[victim].kill()
            } else {
                // One that was started just now may not listen to signals yet: then SIGTERM itself (15) is its end.
                #expect([0, 15].contains(instances[victim].terminate()))
                // A stop in the middle of a rebalance: the partitions are lost, and the transaction is aborted.
                hasAborted = hasAborted || instances[victim].log.contains("what was in hand is dropped")
            }
            // Now and then the other one has to take over.
            if random.chance(1, in: 4) { try load(&feed, milliseconds: 7_000) }
            instances[victim] = try start(victim == 0 ? "a" : "b")
        }
        try load(&feed, milliseconds: 1_000)
        try instances[0].wait("all to be read", within: 120) { try broker.isAllDone() ? true : nil }
        for instance in instances {
            #expect(instance.terminate() == 0)
            hasAborted = hasAborted || instance.log.contains("what was in hand is dropped")
        }
        try compare(feed, hasAborted: hasAborted && !broker.isReal, "seed \(seed)")
    }

    @Test(
        "One that is killed in the long transactions of a backlog writes what the reference model says, once",
        .enabled(if: TestBroker.realBootstrapServers != nil, "the mock shows open transactions, and keeps too little")
    )
    func killedOnBacklog() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        var feed = try TickFeed(broker, seed: seed, coins: 40, pace: 15_000)
        var interrupted = 0
        for _ in 0..<4 {
            try feed.send(60_000)
            let instance = try start("a")
            try instance.waitUntilReady()
            usleep(UInt32.random(in: 0...250_000, using: &random))
            instance.kill()
            if try hasOpenTransaction() { interrupted += 1 }
        }
        let last = try start("a")
        try last.wait("all to be read", within: 120) { try broker.isAllDone() ? true : nil }
        #expect(last.terminate() == 0)
        #expect(interrupted > 0, "seed \(seed): no kill came while a transaction was open")
        try compare(feed, "seed \(seed)")
    }

    /// Whether a partition of the results ends in records that are neither committed nor aborted.
    private func hasOpenTransaction() throws -> Bool {
        let committed = try KafkaReader(settings: broker.settings)
        let all = try KafkaReader(settings: broker.settings, readCommitted: false)
        return try (0..<Int32(3)).contains { number in
            let partition = TopicPartition(topic: broker.name(Topic.aggregates1m.rawValue), partition: number)
            return try committed.watermarkOffsets(of: partition).upperBound
                < all.watermarkOffsets(of: partition).upperBound
        }
    }

    @Test(
        "A zombie that wakes up after its partitions have gone to another writes nothing that a reader sees",
        .enabled(if: TestBroker.realBootstrapServers != nil, "the mock fences nobody"),
        arguments: [7_000, 13_000]  // past the session timeout; past the transaction's timeout too
    )
    func zombie(sleepMilliseconds: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var feed = try TickFeed(broker, seed: seed, coins: 40, pace: 150_000)
        let zombie = try start("zombie")
        try load(&feed, milliseconds: 2_000)
        try zombie.wait("the first ticks", within: 60) { try broker.aggregateLines().isEmpty ? nil : true }
        zombie.signal(SIGSTOP)
        let successor = try start("successor")
        try load(&feed, milliseconds: sleepMilliseconds)
        zombie.signal(SIGCONT)
        try load(&feed, milliseconds: 3_000)
        try successor.wait("all to be read", within: 120) { try broker.isAllDone() ? true : nil }
        _ = zombie.terminate()
        #expect(successor.terminate() == 0)
        try compare(feed, "seed \(seed)")
    }
}
