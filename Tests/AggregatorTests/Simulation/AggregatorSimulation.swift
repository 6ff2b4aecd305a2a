import Shared
import TestSupport

@testable import Aggregator

/// Some simulated time of two or three Aggregators that crash, stand still, are cut off and come back, and what must have come of
/// the ticks by the end.
///
/// In half of the runs watermarks follow the ticks alone: then what the reference model says is there, once, to the letter. In
/// the others they follow the clock, and when a window is closed first depends on what happened; then each window's revisions
/// are all there, once, in order, the last with exactly the ticks that are not in `prices.late`, and that is so of few enough.
struct AggregatorSimulation {
    private let simulation: Simulation
    private let kafka: SimulatedKafka
    private let settings: AggregatorSettings
    private let rules: [AlertRule]
    private let fleet: SimulatedFleet
    private let failures: Failures
    private let ticksEnd: Int64

    private final class Failures {
        var lines: [String] = []
    }

    /// For so long nothing may stand in the way of what is left to do at the end, in microseconds.
    private static let patience: Int64 = 300_000_000
    private static let partitions = 3

    init(_ simulation: Simulation) throws {
        self.simulation = simulation
        let followsClock = simulation.chance(1, in: 2)
        let interval = simulation.random.pick(["200ms", "1s", "5s"])
        settings = try AggregatorSettings(
            SettingsReader(environment: [
                "AGGREGATOR_GROUP": "aggregator", "AGGREGATOR_INSTANCE": "simulated",
                "AGGREGATOR_FOLLOW_CLOCK": "\(followsClock)", "AGGREGATOR_TRANSACTION_INTERVAL": interval,
            ])
        )
        rules = Self.rules
        kafka = SimulatedKafka(simulation, topics: Topic.allCases.map(\.rawValue), partitions: Self.partitions)
        let failures = Failures()
        self.failures = failures
        var aggregator = SimulatedAggregator(
            settings: settings,
            kafka: kafka,
            rules: rules,
            failed: { failures.lines.append($0) }
        )
        aggregator.unanswered = simulation.random.pick([0, 5, 50])
        aggregator.undelivered = simulation.random.pick([0, 5, 50])
        aggregator.transactionLimit = simulation.random.pick([
            settings.transactionLimits.timeout.wholeMicroseconds, 15_000_000, 30_000_000,
        ])
        aggregator.closeLimit = simulation.random.pick([1, 3, PartitionWindows.usualCloseLimit])
        aggregator.recordLimit = simulation.random.pick([1, 5, TransactionSession.usualRecordLimit])
        aggregator.keepsName = simulation.chance(1, in: 2)
        fleet = SimulatedFleet("a", of: 2 + Int(simulation.number(below: 2)), in: simulation) { [aggregator] in
            aggregator.live($0, until: $1)
        }
        ticksEnd = 300_000_000 + simulation.number(below: 900_000_000)
        let ticks = TickMaker(seed: simulation.random.next(), coins: 6)
        let pause: Int64 = simulation.random.pick([2_000_000, 8_000_000, 30_000_000])
        kafka.feed(
            ticks,
            after: { simulation.number(below: pause) },
            while: { [ticksEnd] in simulation.now < ticksEnd }
        )
        kafka.compact(Topic.aggregatorState.rawValue, every: 60_000_000)
        fleet.trouble(every: simulation.random.pick([10_000_000, 30_000_000, 90_000_000]))
    }

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

    /// Runs it.
    /// - Returns: what is wrong, if anything.
    func run() throws -> String? {
        defer { simulation.finish() }
        simulation.run(until: ticksEnd)
        fleet.heal()
        let end = simulation.now + Self.patience
        repeat {
            simulation.run(until: simulation.now + 10_000_000)
            if let failure = failures.lines.first { return failure }
        } while simulation.now < end && !isDone
        guard isDone else { return "not all is read and committed, and nothing is in the way" }
        return try settings.followsClock ? clockDifference() : difference()
    }

    /// Whether every tick has been read, and what came of it committed: a commit reaches one partition after the other.
    private var isDone: Bool {
        let logs = Topic.allCases.flatMap { kafka.logs(of: $0.rawValue) }
        guard logs.allSatisfy({ $0.stableEnd == $0.end }) else { return false }
        return (0..<Int32(Self.partitions)).allSatisfy { number in
            let states = kafka[TopicPartition(topic: Topic.aggregatorState.rawValue, partition: number)].committed
            guard let value = states.last(where: { $0.key == Array("position".utf8) })?.value,
                case .position(let state)? = try? StateValue(json: value.span, for: .position)
            else { return kafka[TopicPartition(topic: Topic.raw.rawValue, partition: number)].end == 0 }
            return state.nextOffset == kafka[TopicPartition(topic: Topic.raw.rawValue, partition: number)].end
        }
    }

    private func values(of topic: Topic) -> [String] {
        kafka.logs(of: topic.rawValue).flatMap(\.committed).map { String(decoding: $0.value ?? [], as: UTF8.self) }
    }

    /// Compares with the reference model.
    private func difference() throws -> String? {
        var expected = Expected()
        for log in kafka.logs(of: Topic.raw.rawValue) {
            let clock = simulation.clocks.reading()
            expected.add(log.records.map(\.value), plan: settings.plan, rules: rules, clock: clock)
        }
        let aggregates = values(of: .aggregates1m) + values(of: .aggregatesSliding)
        let alerts = try values(of: .alerts).map { try PriceAlert(json: Array($0.utf8).span).alertID }
        return Self.difference("windows", aggregates, expected.lines)
            ?? Self.difference("alerts", alerts, expected.alerts)
            ?? Self.difference("late ticks", values(of: .late).count, expected.late)
            ?? Self.difference("dead letters", values(of: .deadLetter).count, expected.deadLetters)
    }

    private static func difference(_ what: String, _ found: Int, _ expected: Int) -> String? {
        found == expected ? nil : "\(found) \(what), expected are \(expected)"
    }

    private static func difference(_ what: String, _ found: [String], _ expected: [String]) -> String? {
        var left: [String: Int] = [:]
        for line in expected { left[line, default: 0] += 1 }
        for line in found { left[line, default: 0] -= 1 }
        let wrong = left.filter { $0.value != 0 }.sorted { $0.key < $1.key }
        guard let first = wrong.first else { return nil }
        return "\(wrong.count) \(what) are wrong: \(first.value > 0 ? "missing" : "too many"): \(first.key)"
    }

    // MARK: - With a watermark that follows the clock

    private func clockDifference() throws -> String? {
        try ClockedOutcome(
            ticks: kafka.logs(of: Topic.raw.rawValue).map(\.records),
            late: kafka.logs(of: Topic.late.rawValue).flatMap(\.committed),
            aggregates: ([.aggregates1m, .aggregatesSliding] as [Topic]).flatMap { topic in
                try kafka.logs(of: topic.rawValue).flatMap(\.committed).map {
                    let value = $0.value ?? []
                    return try PriceAggregate(json: value.span)
                }
            },
            deadLetters: values(of: .deadLetter).count,
            plan: settings.plan
        ).difference
    }
}
