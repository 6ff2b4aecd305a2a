import Shared
import TestSupport

@testable import Aggregator

/// Writes ticks that a seed gives to `prices.raw`, and knows what the Aggregator should make of them.
struct TickFeed {
    private let broker: TestBroker
    private let producer: KafkaProducer
    private let topic: KafkaProducer.DestinationTopic
    private var maker: TickMaker
    private var random: SplitMix64
    private var now: Int64 = 1_768_000_000_000_000
    /// Microseconds of event time between two ticks.
    let pace: UInt64

    init(_ broker: TestBroker, seed: UInt64, coins: Int = 12, pace: UInt64 = 2_000_000) throws {
        self.broker = broker
        producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        topic = try producer.topic(broker.name(Topic.raw.rawValue), schema: "price-tick/1")
        random = SplitMix64(seed: seed)
        maker = TickMaker(seed: ~seed, coins: coins)
        self.pace = pace
    }

    /// Sends ticks, and those that are sent twice.
    mutating func send(_ count: Int) throws {
        for _ in 0..<count {
            now += Int64(random.next() % pace)
            for record in maker.next(at: now) { try send(key: record.key, record.value) }
        }
        try flush()
    }

    /// Sends one tick.
    func send(_ tick: PriceTick) throws {
        var json = JSONWriter()
        tick.write(to: &json)
        try send(key: tick.coinID, json.text)
    }

    /// Waits until all is acknowledged.
    func flush() throws {
        try producer.flush(timeout: .seconds(30))
    }

    private func send(key: String, _ value: String) throws {
        try producer.send(to: topic, key: key, value: Array(value.utf8))
    }

    /// What the reference model makes of what lies in `prices.raw` now.
    /// - Parameter rules: the rules that were in force from the start.
    func expected(_ plan: WindowPlan, rules: [AlertRule] = []) throws -> Expected {
        let records = try broker.records(of: broker.name(Topic.raw.rawValue))
        var expected = Expected()
        let clock = ClockReading(wall: .now(), monotonic: 0)
        for (_, records) in Dictionary(grouping: records, by: \.partition) {
            let values = records.sorted { $0.offset < $1.offset }.map { $0.value.map { Array($0.utf8) } }
            expected.add(values, plan: plan, rules: rules, clock: clock)
        }
        return expected
    }
}

/// What the topics should hold.
struct Expected {
    var records = 0
    var late = 0
    var deadLetters = 0
    var aggregates: [PriceAggregate] = []
    var alerts: [String] = []

    /// Adds what the reference model makes of the records of a partition, in their order.
    mutating func add(_ values: [[UInt8]?], plan: WindowPlan, rules: [AlertRule], clock: ClockReading) {
        var model = ReferenceModel(plan: plan)
        model.rules = rules
        for value in values {
            records += 1
            let value = value ?? []
            guard let tick = try? PriceTick(json: value.span) else {
                deadLetters += 1
                continue
            }
            let input = WindowTick(
                price: tick.price,
                volume: tick.totalVolume,
                size: tick.size,
                time: tick.timestamp,
                isSnapshot: ["coingecko", "coinpaprika"].contains(tick.source)
            )
            let coin = CoinKey(coinID: tick.coinID, vsCurrency: tick.vsCurrency)
            if case .late = model.process(input, coin: coin, clock: clock) { late += 1 }
        }
        aggregates += model.results
        alerts += model.alerts.map(\.alertID)
    }

    /// Every aggregate as it should lie in the topics, sorted.
    var lines: [String] {
        aggregates.map { aggregate in
            var json = JSONWriter()
            aggregate.write(to: &json)
            return json.text
        }.sorted()
    }
}

extension TestBroker {
    /// Every aggregate that lies in the topics, sorted.
    func aggregateLines() throws -> [String] {
        let topics: [Topic] = [.aggregates1m, .aggregatesSliding]
        return try topics.flatMap { try records(of: name($0.rawValue)) }.compactMap(\.value).sorted()
    }

    /// Every alert's id, sorted.
    func alertIDs() throws -> [String] {
        try records(of: name(Topic.alerts.rawValue)).map { record in
            try PriceAlert(json: Array((record.value ?? "").utf8).span).alertID
        }.sorted()
    }

    /// Writes a rule to `alerts.rules`.
    func send(_ rules: [AlertRule]) throws {
        let producer = try KafkaProducer(settings: settings, mode: .idempotent)
        let topic = try producer.topic(name(Topic.alertRules.rawValue))
        for rule in rules {
            var json = JSONWriter()
            rule.write(to: &json)
            try producer.send(to: topic, key: rule.ruleID, value: Array(json.text.utf8))
        }
        try producer.flush(timeout: .seconds(20))
    }

    /// Whether every tick has been read, and what came of it committed.
    func isAllDone() throws -> Bool {
        let reader = try KafkaReader(settings: settings)
        for partition in 0..<Int32(3) {
            let input = TopicPartition(topic: name(Topic.raw.rawValue), partition: partition)
            let state = TopicPartition(topic: name(Topic.aggregatorState.rawValue), partition: partition)
            let end = try reader.watermarkOffsets(of: input).upperBound
            var position: Int64 = 0
            try reader.readToEnd(of: state, timeout: .seconds(30)) { record in
                guard let key = record.key, let value = record.value else { return }
                guard StateKey(String(decoding: key, as: UTF8.self)) == .position else { return }
                if case .position(let state) = try StateValue(json: value.span, for: .position) {
                    position = state.nextOffset
                }
            }
            if position < end { return false }
        }
        return true
    }
}
