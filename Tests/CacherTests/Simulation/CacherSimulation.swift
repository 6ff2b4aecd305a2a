import Foundation
import Shared
import TestSupport

@testable import Cacher

/// Some simulated time of two or three Cachers that crash, stand still, are cut off and come back, over a Redis that is away now
/// and then, loses all it has, or goes back to what it had.
///
/// At any time Redis has of each partition what comes before the position that it holds, or newer, and what of that can't be used is
/// a dead letter. At the end it has each
/// coin's newest price and candle and every candle of its history as the records say them, and the positions are the topics'
/// ends.
final class CacherSimulation {
    private let simulation: Simulation
    private let kafka: SimulatedKafka
    private let server: BreakableConnection.Server
    private let redis: RedisConnection
    private let keys = CacheKeys(prefix: "")
    private var fleet: SimulatedFleet?
    private var failures: [String] = []
    private let end: Int64
    private var hasCopy = false
    private var revisions: [Int64: Int] = [:]
    /// What each record says, by its place: known from when it was sent.
    private var sent: [TopicPartition: [Content]] = [:]

    private enum Content {
        case tick(PriceTick)
        case window(PriceAggregate)
        case unusable
    }

    /// For so long nothing may stand in the way of what is left to do at the end, in microseconds.
    private static let patience: Int64 = 300_000_000
    private static let partitions = 2
    private static let coins = (0..<5).map { "coin-\($0)" }

    init(_ simulation: Simulation, on url: RedisURL) throws {
        self.simulation = simulation
        server = BreakableConnection.Server(url: url)
        redis = try RedisConnection(to: url, timeout: .seconds(10))
        try redis.call(["FLUSHALL"])
        let settings = try CacherSettings(
            SettingsReader(environment: [
                "REDIS_URL": "\(url)", "CACHER_TTL": "0s", "CACHER_KEPT_CANDLES": "1440",
                "CACHER_BATCH_SIZE": simulation.random.pick(["10", "1000"]),
                "CACHER_OPEN_CANDLES": simulation.random.pick(["true", "false"]),
            ])
        )
        kafka = SimulatedKafka(simulation, topics: Topic.allCases.map(\.rawValue), partitions: Self.partitions)
        end = 300_000_000 + simulation.number(below: 600_000_000)
        var cacher = SimulatedCacher(
            settings: settings,
            kafka: kafka,
            server: server,
            failed: { [unowned self] in failures.append($0) }
        )
        cacher.breaks = simulation.random.pick([0, 2, 20])
        fleet = SimulatedFleet("c", of: 2 + Int(simulation.number(below: 2)), in: simulation) { [cacher] in
            cacher.live($0, until: $1)
        }
        feed(every: simulation.random.pick([1_000_000, 4_000_000, 15_000_000]))
        look()
        fleet?.trouble(
            every: simulation.random.pick([10_000_000, 30_000_000, 90_000_000]),
            [
                { [unowned self] in
                    server.downUntil = simulation.now + simulation.number(below: 15_000_000)
                    simulation.note("Redis is away")
                },
                { [unowned self] in loseData() },
            ]
        )
    }

    // MARK: - Redis

    /// Redis loses all, keeps a copy, or goes back to its copy, as one does that fails over to a replica which lagged.
    private func loseData() {
        simulation.note("Redis loses data")
        ask(["SELECT", "0"])
        switch simulation.number(below: 3) {
        case 0: ask(["FLUSHDB"])
        case 1:
            ask([
                "EVAL",
                "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', k, k, 'DB', 1, 'REPLACE') end", "0",
            ])
            hasCopy = true
        default:
            guard hasCopy else { return }
            ask(["SWAPDB", "0", "1"])
            ask(["SELECT", "1"])
            ask(["FLUSHDB"])
            ask(["SELECT", "0"])
            hasCopy = false
        }
    }

    @discardableResult
    private func ask(_ command: [String]) -> RedisReply {
        do {
            return try redis.call(command)
        } catch {
            failures.append("\(command): \(error)")
            return .null
        }
    }

    // MARK: - What comes in

    private func feed(every pause: Int64) {
        simulation.after(simulation.number(below: 2 * pause)) { [unowned self] in
            guard simulation.now < end else { return }
            for _ in 0..<(1 + simulation.number(below: 4)) { sendTick() }
            if simulation.chance(1, in: 2) { sendWindow() }
            feed(every: pause)
        }
    }

    private func sendTick() {
        let coin = simulation.random.pick(Self.coins)
        if simulation.chance(1, in: 15) {
            return send(coin, "{\"coin_id\":\"\(coin)\",\"price\":", .unusable, to: .raw)
        }
        let time = EventTime(
            microseconds: (Simulation.beginning + simulation.now - simulation.number(below: 5_000_000)) / 500_000
                * 500_000
        )
        let tick = PriceTick(
            coinID: coin,
            symbol: "c",
            name: coin,
            vsCurrency: "usd",
            price: Price(units: Int128(simulation.random.next() >> 20)),
            totalVolume: simulation.chance(1, in: 2) ? Price(5) : nil,
            timestamp: time,
            ingestedAt: time,
            source: "simulated"
        )
        var json = JSONWriter()
        tick.write(to: &json)
        send(coin, json.text, .tick(tick), to: .raw)
    }

    private func sendWindow() {
        let minute = (Simulation.beginning + simulation.now) / 60_000_000 - simulation.number(below: 5)
        let revision = revisions[minute, default: 0]
        revisions[minute] = revision + 1
        let price = Price(units: Int128(1 + simulation.number(below: 1_000_000)))
        let window = PriceAggregate(
            coinID: "coin-0",
            vsCurrency: "usd",
            window: .tumbling,
            windowStart: EventTime(microseconds: minute * 60_000_000),
            windowEnd: EventTime(microseconds: (minute + 1) * 60_000_000),
            open: price,
            high: price,
            low: price,
            close: price,
            average: price,
            sampleCount: 1,
            revision: revision
        )
        var json = JSONWriter()
        window.write(to: &json)
        send("coin-0", json.text, .window(window), to: .aggregates1m)
    }

    private func send(_ key: String, _ value: String, _ content: Content, to topic: Topic) {
        sent[kafka.partition(of: Array(key.utf8), in: topic.rawValue), default: []].append(content)
        kafka.append(topic.rawValue, key: Array(key.utf8), value: Array(value.utf8))
    }

    // MARK: - What must hold

    private func look() {
        simulation.after(simulation.number(below: 20_000_000)) { [unowned self] in
            if let difference = difference(isOver: false) { failures.append(difference) }
            look()
        }
    }

    /// Runs it.
    /// - Returns: what is wrong, if anything.
    func run() -> String? {
        defer {
            simulation.finish()
            fleet = nil
        }
        while simulation.now < end {
            simulation.run(until: min(end, simulation.now + 10_000_000))
            if let failure = failures.first { return failure }
        }
        fleet?.heal()
        server.downUntil = 0
        let limit = simulation.now + Self.patience
        repeat {
            simulation.run(until: simulation.now + 5_000_000)
            if let failure = failures.first { return failure }
        } while simulation.now < limit && !isDone
        return isDone ? difference(isOver: true) : "not all is in Redis, and nothing is in the way"
    }

    private func position(of log: SimulatedLog) -> Int64? {
        guard let topic = Topic(rawValue: log.name.topic) else { return nil }
        return ask(["GET", keys.position(topic, log.name.partition)]).text.flatMap { Int64($0) }
    }

    private var logs: [SimulatedLog] {
        [Topic.raw, .aggregates1m].flatMap { kafka.logs(of: $0.rawValue) }
    }

    private var isDone: Bool {
        logs.allSatisfy { (position(of: $0) ?? 0) == $0.end }
    }

    /// The newest value of each coin before an offset.
    private struct Newest {
        var ticks: [String: (version: CacheVersion, price: Price)] = [:]
        var windows: [Int64: PriceAggregate] = [:]
        var unusable: Set<String> = []

        mutating func add(_ content: Content, at offset: Int64, of partition: Int32) {
            switch content {
            case .window(let window):
                let start = window.windowStart.milliseconds
                if windows[start].map({ $0.revision < window.revision }) ?? true { windows[start] = window }
            case .tick(let tick):
                let version = CacheVersion(timeMicroseconds: tick.timestamp.microseconds, order: offset)
                if ticks[tick.coinID].map({ $0.version < version }) ?? true {
                    ticks[tick.coinID] = (version, tick.price)
                }
            case .unusable: unusable.insert("\(partition)/\(offset)")
            }
        }
    }

    /// - Parameter isOver: whether Redis must have just that, instead of that or newer.
    private func difference(isOver: Bool) -> String? {
        var newest = Newest()
        for log in logs {
            let position = position(of: log) ?? 0
            for (offset, content) in (sent[log.name] ?? []).prefix(Int(position)).enumerated() {
                newest.add(content, at: Int64(offset), of: log.name.partition)
            }
        }
        for (coin, expected) in newest.ticks.sorted(by: { $0.key < $1.key }) {
            let key = keys.price(CoinKey(coinID: coin, vsCurrency: "usd"))
            guard case .array(let values) = ask(["HMGET", key, "time_us", "order", "price"]),
                let time = values[0].text.flatMap({ Int64($0) }), let order = values[1].text.flatMap({ Int64($0) })
            else { return "\(key) isn't there, expected is \(expected)" }
            let found = CacheVersion(timeMicroseconds: time, order: order)
            if found < expected.version { return "\(key) is of \(found), expected is \(expected)" }
            if isOver, found != expected.version || values[2].text != "\(expected.price)" {
                return "\(key) is \(values), expected is \(expected)"
            }
        }
        return windowDifference(newest, isOver: isOver) ?? letterDifference(newest)
    }

    private func windowDifference(_ newest: Newest, isOver: Bool) -> String? {
        guard let last = newest.windows.keys.max(), let expected = newest.windows[last] else { return nil }
        let coin = CoinKey(coinID: "coin-0", vsCurrency: "usd")
        guard case .array(let values) = ask(["HMGET", keys.candle(coin), "time_us", "order", "close"]),
            let time = values[0].text.flatMap({ Int64($0) }), let order = values[1].text.flatMap({ Int64($0) })
        else { return "the latest candle isn't there" }
        let found = CacheVersion(timeMicroseconds: time, order: order)
        let wanted = CacheVersion(
            timeMicroseconds: expected.windowStart.microseconds,
            order: Int64(expected.revision)
        )
        if found < wanted || isOver && (found != wanted || values[2].text != "\(expected.close)") {
            return "the latest candle is \(values), expected is \(wanted)"
        }
        guard case .array(let entries) = ask(["ZRANGE", keys.candles(coin), "0", "-1"]) else { return nil }
        var history: [Int64: Int64] = [:]
        for entry in entries {
            let text = entry.text ?? ""
            func number(_ name: String) -> Int64? {
                text.range(of: "\"\(name)\":").flatMap { Int64(text[$0.upperBound...].prefix { $0.isNumber }) }
            }
            guard let start = number("t"), let revision = number("r") else { return "an entry of a history is \(text)" }
            if history.updateValue(revision, forKey: start) != nil {
                return "two entries of a history begin at \(start)"
            }
        }
        for (start, window) in newest.windows.sorted(by: { $0.key < $1.key }) {
            guard let revision = history[start] else { return "the history lacks the candle of \(start)" }
            if revision < window.revision || isOver && revision != window.revision {
                return "the history has revision \(revision) of \(start), expected is \(window.revision)"
            }
        }
        return nil
    }

    private func letterDifference(_ newest: Newest) -> String? {
        let letters = kafka.logs(of: Topic.deadLetter.rawValue).flatMap(\.records).map { record in
            let headers = Dictionary(record.headers.map { ($0.name, $0.text) }) { first, _ in first }
            return "\(headers["source_partition"] ?? "")/\(headers["source_offset"] ?? "")"
        }
        return newest.unusable.subtracting(letters).min().map { "the position is past \($0), which is no dead letter" }
    }
}
