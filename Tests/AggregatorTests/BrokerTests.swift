import Glibc
import Logging
import Shared
import TestSupport
import Testing

@testable import Aggregator

/// What only a real broker shows: records that it deletes, topics that it compacts, records found by their time.
@Suite(
    "AggregatorPipeline on a real broker",
    .ownThread,
    .timeLimit(.minutes(5)),
    .enabled(if: TestBroker.realBootstrapServers != nil, "the mock neither deletes nor compacts, and keeps no times")
)
struct BrokerTests {
    private func position(_ broker: TestBroker, _ partition: Int32) throws -> Int64 {
        var position: Int64 = 0
        for record in try broker.records(of: broker.name(Topic.aggregatorState.rawValue))
        where record.partition == partition && record.key == "position" {
            guard
                case .position(let state) = try StateValue(json: Array((record.value ?? "").utf8).span, for: .position)
            else { continue }
            position = state.nextOffset
        }
        return position
    }

    @Test("Records that the broker deleted unread stop the service with the offsets, or are counted and gone past")
    func deleted() async throws {
        let broker = try TestBroker()
        var feed = try TickFeed(broker, seed: 5)
        try feed.send(600)
        let first = try RunningAggregator(broker)
        try await eventually("all is read") { try broker.isAllDone() }
        try await first.finish()

        try feed.send(600)
        let raw = broker.name(Topic.raw.rawValue)
        let source = TopicPartition(topic: raw, partition: try #require(broker.records(of: raw).first).partition)
        let stopped = try position(broker, source.partition)
        try broker.deleteRecords(of: source, before: stopped + 7)

        let refusing = try RunningAggregator(broker)
        try await refusing.waitForEnd()
        let gap = #expect(throws: PositionGap.self) { try refusing.end?.get() }
        #expect(gap?.lost == 7)
        #expect(try position(broker, source.partition) == stopped, "nothing was committed")

        let going = try RunningAggregator(broker, ["AGGREGATOR_ON_GAP": "continue"])
        try await eventually("the rest is read") { try broker.isAllDone() }
        try await going.finish()
        #expect(going.metric("retention_gap_records_total") == 7)
        let reader = try KafkaReader(settings: broker.settings)
        let sent = try (0..<Int32(3)).reduce(0) {
            $0 + Int(try reader.watermarkOffsets(of: TopicPartition(topic: raw, partition: $1)).upperBound)
        }
        #expect(first.ticks + going.ticks == sent - 7, "every other tick was taken once")
    }

    /// A broker compacts when it likes, some of it or nothing; so what counts is the newest record of each key.
    @Test("The newest records of the changelog hold no pane that no window needs, and restore to the same state")
    func compacted() async throws {
        let topics = Topic.allCases.filter { $0 != .aggregatorState }
        let broker = try TestBroker(topics: Dictionary(uniqueKeysWithValues: topics.map { ($0.rawValue, 3) }))
        let state = broker.name(Topic.aggregatorState.rawValue)
        let configuration = [
            "cleanup.policy": "compact", "segment.bytes": "200000", "min.cleanable.dirty.ratio": "0.01",
            "delete.retention.ms": "0",
        ]
        try KafkaTopics.create([NewTopic(name: state, configuration: configuration)], settings: broker.settings)
        var feed = try TickFeed(broker, seed: 6)
        let quick = ["AGGREGATOR_TRANSACTION_INTERVAL": "10ms", "AGGREGATOR_TRANSACTION_RECORDS": "50"]
        let first = try RunningAggregator(broker, quick)
        try feed.send(3_000)
        try await eventually("all is read") { try broker.isAllDone() }
        try await first.finish()

        let plan = try RunningAggregator.settings(broker).plan
        let reader = try KafkaReader(settings: broker.settings)
        let written = try (0..<Int32(3)).reduce(0) {
            $0 + Int(try reader.watermarkOffsets(of: TopicPartition(topic: state, partition: $1)).upperBound)
        }
        let newest = try newestRecords(broker)
        #expect(newest.count < written / 4, "\(newest.count) of \(written) records are the newest of their key")
        let panes = try panes(newest, plan)
        #expect(panes.open > 0)
        #expect(panes.closed == 0)

        // Whatever the broker has left is enough to go on with, and so is the least that it may leave.
        try keepOnly(newest, in: broker)
        try feed.send(1_000)
        let second = try RunningAggregator(broker)
        try await eventually("the rest is read") { try broker.isAllDone() }
        try await second.finish()
        #expect(try broker.aggregateLines() == (try feed.expected(plan).lines))
    }

    /// The newest record of each key in each partition of the changelog, tombstones left out.
    private func newestRecords(_ broker: TestBroker) throws -> [TestRecord] {
        var newest: [String: TestRecord] = [:]
        for record in try broker.records(of: broker.name(Topic.aggregatorState.rawValue)) {
            newest["\(record.partition)/\(record.key ?? "")"] = record
        }
        return newest.values.filter { $0.value != nil }.sorted { $0.offset < $1.offset }
    }

    /// Makes the changelog anew of these records, as the hardest-working broker would leave it.
    private func keepOnly(_ records: [TestRecord], in broker: TestBroker) throws {
        let state = broker.name(Topic.aggregatorState.rawValue)
        for partition in 0..<Int32(3) {
            let source = TopicPartition(topic: state, partition: partition)
            let keys = Set(try broker.records(of: state).filter { $0.partition == partition }.compactMap(\.key))
            let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
            let topic = try producer.topic(source.topic)
            for key in keys { try producer.send(to: topic, partition: partition, key: key, value: nil) }
            for record in records where record.partition == partition {
                try producer.send(
                    to: topic,
                    partition: partition,
                    key: record.key ?? "",
                    value: record.value.map { Array($0.utf8) }
                )
            }
            try producer.flush(timeout: .seconds(20))
        }
    }

    /// How many panes there are that a window may still need, and how many that none can.
    private func panes(_ records: [TestRecord], _ plan: WindowPlan) throws -> (open: Int, closed: Int) {
        var count = (open: 0, closed: 0)
        for (_, records) in Dictionary(grouping: records, by: \.partition) {
            let last = try #require(records.last { $0.key == "position" }?.value)
            guard case .position(let state) = try StateValue(json: Array(last.utf8).span, for: .position),
                let watermark = state.watermark
            else { continue }
            for record in records {
                guard case .pane(_, let start)? = record.key.flatMap({ StateKey($0) }) else { continue }
                if plan.pane(at: start) > plan.pane(at: watermark) - plan.retention {
                    count.open += 1
                } else {
                    count.closed += 1
                }
            }
        }
        return count
    }

    @Test("A restore that waits for an open transaction gives up before the group takes the partitions away")
    func restoreLimit() throws {
        let broker = try TestBroker()
        let settings = try RunningAggregator.settings(broker)
        #expect(settings.restoreLimit < .milliseconds(AggregatorSettings.pollInterval.milliseconds))
        let other = try KafkaProducer(settings: broker.settings, mode: .transactional(id: broker.name("other")))
        let state = try other.topic(broker.name(Topic.aggregatorState.rawValue))
        try other.initTransactions()
        try other.beginTransaction()
        try other.send(to: state, partition: 1, key: "position", value: Array("{}".utf8))
        try other.flush(timeout: .seconds(10))
        let metrics = AggregatorMetrics(plan: settings.plan, registry: PrometheusRegistry())
        let restorer = StateRestorer(
            settings: settings,
            metrics: metrics,
            logger: Logger(label: "test"),
            read: StateRestorer.kafka(settings.kafka)
        )
        let started = ContinuousClock.now
        let error = #expect(throws: KafkaError.self) {
            try restorer.restore([0, 1, 2], rules: [], until: started.advanced(by: .seconds(2)))
        }
        #expect(error?.disposition == .retry)
        try other.abortTransaction(timeout: .seconds(10))
        let found = try restorer.restore([0, 1, 2], rules: [], until: .now.advanced(by: .seconds(20)))
        #expect(found.allSatisfy { !$0.hadState })
    }

    @Test("A replay takes the records from a time until a time, the first included and the second not")
    func replayBounds() throws {
        let broker = try TestBroker()
        let settings = try RunningAggregator.settings(broker)
        var feed = try TickFeed(broker, seed: 7)
        var ends: [Int] = [0]
        var times: [EventTime] = []
        let reader = try KafkaReader(settings: broker.settings)
        for _ in 0..<3 {
            try feed.send(300)
            ends.append(
                try (0..<Int32(3)).reduce(0) {
                    let partition = TopicPartition(topic: broker.name(Topic.raw.rawValue), partition: $1)
                    return $0 + Int(try reader.watermarkOffsets(of: partition).upperBound)
                }
            )
            usleep(20_000)
            times.append(.now())
            usleep(20_000)
        }
        func replay(_ prefix: String, _ from: ReprocessingBound, _ until: ReprocessingBound) throws -> Int {
            let prefix = broker.settings.topicPrefix + prefix
            let range = ReprocessingRange(from: from, until: until, outputPrefix: prefix)
            let metrics = AggregatorMetrics(plan: settings.plan, registry: PrometheusRegistry())
            return try Reprocessing(settings: settings, range: range, metrics: metrics).run().records
        }
        #expect(try replay("a.", .earliest, .time(times[0])) == ends[1])
        #expect(try replay("b.", .time(times[0]), .time(times[1])) == ends[2] - ends[1])
        #expect(try replay("c.", .time(times[1]), .latest) == ends[3] - ends[2])
        #expect(try replay("d.", .time(times[2]), .latest) == 0)
    }
}
