import Shared
import TestSupport

@testable import Persister

/// Some simulated time of two or three Persisters that crash, stand still, are cut off and come back, over a PostgreSQL that is
/// away now and then.
///
/// At any time the rows are those of the records before the positions, and no others; and a record before a position that is
/// no row is a dead letter. At the end the positions are the topics' ends. Each tick has a number of its own, its market cap
/// rank, by which its row is known whatever id it got.
final class PersisterSimulation {
    private let simulation: Simulation
    private let kafka: SimulatedKafka
    private let database: SimulatedDatabase
    private var fleet: SimulatedFleet?
    private var failures: [String] = []
    private let end: Int64
    private var lastTick: Int64 = 0
    private var repeatable: (key: String, value: String, tick: Int64)?
    /// What each record says, by its place: known from when it was sent.
    private var sent: [TopicPartition: [Content]] = [:]
    private var revisions: [Int64: Int] = [:]

    private enum Content {
        case tick(Int64)
        case window(start: Int64, samples: Int64)
        case unusable
    }

    /// For so long nothing may stand in the way of what is left to do at the end, in microseconds.
    private static let patience: Int64 = 300_000_000
    private static let partitions = 2
    private static let coins = (0..<5).map { "coin-\($0)" }

    init(_ simulation: Simulation) throws {
        self.simulation = simulation
        let age = simulation.random.pick(["250ms", "2s", "10s"])
        let settings = try PersisterSettings(
            SettingsReader(environment: [
                "POSTGRES_URL": "postgresql://simulated/tickline", "PERSISTER_BATCH_AGE": age,
                "PERSISTER_BATCH_ROWS": simulation.random.pick(["5", "100"]),
                "PERSISTER_BUFFER_BYTES": simulation.random.pick(["5000", "1000000"]),
            ])
        )
        kafka = SimulatedKafka(simulation, topics: Topic.allCases.map(\.rawValue), partitions: Self.partitions)
        database = SimulatedDatabase(simulation)
        end = 300_000_000 + simulation.number(below: 900_000_000)
        var persister = SimulatedPersister(
            settings: settings,
            kafka: kafka,
            database: database,
            failed: { [unowned self] in failures.append($0) }
        )
        persister.breaks = simulation.random.pick([0, 2, 20])
        fleet = SimulatedFleet("p", of: 2 + Int(simulation.number(below: 2)), in: simulation) { [persister] in
            persister.live($0, until: $1)
        }
        feed(every: simulation.random.pick([1_000_000, 4_000_000, 15_000_000]))
        look()
        fleet?.trouble(
            every: simulation.random.pick([10_000_000, 30_000_000, 90_000_000]),
            [
                { [unowned self] in
                    database.restart(after: simulation.number(below: 20_000_000))
                }
            ]
        )
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
        if let old = repeatable, simulation.chance(1, in: 20) {
            return send(old.key, old.value, .tick(old.tick), to: .raw)
        }
        let coin = simulation.random.pick(Self.coins)
        if simulation.chance(1, in: 15) {
            return send(coin, "{\"coin_id\":\"\(coin)\",\"price\":", .unusable, to: .raw)
        }
        lastTick += 1
        let time = EventTime(
            microseconds: Simulation.beginning + simulation.now
                - simulation.number(below: simulation.chance(1, in: 30) ? 5 * 86_400_000_000 : 5_000_000)
        )
        let tick = PriceTick(
            coinID: coin,
            symbol: "c",
            name: coin,
            vsCurrency: "usd",
            price: Price(units: Int128(simulation.random.next() >> 20)),
            marketCapRank: Int(lastTick),
            timestamp: time,
            ingestedAt: time,
            source: "simulated"
        )
        var json = JSONWriter()
        tick.write(to: &json)
        repeatable = (coin, json.text, lastTick)
        send(coin, json.text, .tick(lastTick), to: .raw)
    }

    /// A window of one of the last minutes: its next revision, or one of old once more. What it has of samples says which.
    private func sendWindow() {
        let minute = (Simulation.beginning + simulation.now) / 60_000_000 - simulation.number(below: 5)
        let next = revisions[minute, default: 0]
        let revision = next > 0 && simulation.chance(1, in: 8) ? Int(simulation.number(below: Int64(next))) : next
        revisions[minute] = max(next, revision + 1)
        let price = Price(1)
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
            sampleCount: 1_000 + revision,
            revision: revision
        )
        var json = JSONWriter()
        window.write(to: &json)
        let content = Content.window(start: window.windowStart.microseconds, samples: Int64(window.sampleCount))
        send("coin-0", json.text, content, to: .aggregates1m)
    }

    private func send(_ key: String, _ value: String, _ content: Content, to topic: Topic) {
        sent[kafka.partition(of: Array(key.utf8), in: topic.rawValue), default: []].append(content)
        kafka.append(topic.rawValue, key: Array(key.utf8), value: Array(value.utf8))
    }

    // MARK: - What must hold

    private func look() {
        simulation.after(simulation.number(below: 60_000_000)) { [unowned self] in
            if let difference { failures.append(difference) }
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
        let limit = simulation.now + Self.patience
        repeat {
            simulation.run(until: simulation.now + 5_000_000)
            if let failure = failures.first { return failure }
        } while simulation.now < limit && !isDone
        return isDone ? difference : "not all is written, and nothing is in the way"
    }

    private var logs: [SimulatedLog] {
        [Topic.raw, .aggregates1m].flatMap { kafka.logs(of: $0.rawValue) }
    }

    private var isDone: Bool {
        logs.allSatisfy { (database.position(of: $0.name) ?? 0) == $0.end }
    }

    private var difference: String? {
        var ticks: Set<Int64> = []
        var windows: [Int64: Int64] = [:]
        let letters = Set(
            kafka.logs(of: Topic.deadLetter.rawValue).flatMap(\.records).map { record in
                let headers = Dictionary(record.headers.map { ($0.name, $0.text) }) { first, _ in first }
                return
                    "\(headers["source_topic"] ?? "")/\(headers["source_partition"] ?? "")/\(headers["source_offset"] ?? "")"
            }
        )
        for log in logs {
            let position = database.position(of: log.name) ?? 0
            for (offset, content) in (sent[log.name] ?? []).prefix(Int(position)).enumerated() {
                switch content {
                case .tick(let number): ticks.insert(number)
                case .window(let start, let samples): windows[start] = max(windows[start] ?? 0, samples)
                case .unusable:
                    guard letters.contains("\(log.name.topic)/\(log.name.partition)/\(offset)") else {
                        return "\(log.name)@\(offset) is neither a row nor a dead letter"
                    }
                }
            }
        }
        let rows = database.rows(of: .rawPriceData).map {
            SimulatedDatabase.number("market_cap_rank", of: $0, in: .rawPriceData) ?? 0
        }
        if rows.count != Set(rows).count { return "a tick has two rows" }
        if let missing = ticks.subtracting(rows).min() {
            return "the position is past tick \(missing), which has no row"
        }
        if let early = Set(rows).subtracting(ticks).min() {
            return "tick \(early) has a row, and the position is before it"
        }
        var found: [Int64: Int64] = [:]
        for row in database.rows(of: .aggregates1m) {
            let start = SimulatedDatabase.number("window_start", of: row, in: .aggregates1m) ?? 0
            found[start + CopyFormat.epochMicroseconds] =
                SimulatedDatabase.number("sample_count", of: row, in: .aggregates1m)
        }
        return found == windows ? nil : "the windows are \(found), expected are \(windows)"
    }
}
