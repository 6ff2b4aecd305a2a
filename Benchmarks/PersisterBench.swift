import Foundation
import Persister
import Shared
import Synchronization
import TestSupport

extension Benchmark {
    /// The Persister from the topic to the commit, next to `psql \copy` of the same rows into the same table with the same
    /// indexes on the same server, and to INSERTs of 1000 rows; in turns, so that a busy machine hits all of them.
    static let persister = Benchmark(name: "persister", summary: "ticks from a topic into PostgreSQL, rows a second") {
        report in
        let stage = try PersisterBench()
        let broker = stage.broker.isReal ? "a real broker" : "the mock broker"
        print("persister: \(stage.rows) ticks on \(broker), \(stage.place)")
        var best: [String: (rows: Int, timing: Timing)] = [:]
        func keep(_ name: String, _ rows: Int, _ timing: Timing) {
            let rate = Double(rows) / timing.wallSeconds
            print("persister: \(name): \(Int(rate)) rows/s")
            if let present = best[name], Double(present.rows) / present.timing.wallSeconds >= rate { return }
            best[name] = (rows, timing)
        }
        for _ in 0..<3 {
            keep("persister", stage.rows, try stage.persist())
            keep("psql \\copy", stage.rows, try stage.copy())
            keep("psql \\copy binary", stage.rows, try stage.copyBinary())
            keep("INSERT of 1000 rows", stage.insertedRows, try stage.insert())
        }
        guard let persister = best["persister"] else { return }
        for name in ["psql \\copy", "psql \\copy binary", "INSERT of 1000 rows"] {
            guard let baseline = best[name] else { continue }
            report.addRate(
                "rows_per_s",
                of: persister.rows,
                in: persister.timing,
                baseline: (name.replacingOccurrences(of: "\\", with: ""), baseline.rows, baseline.timing)
            )
        }
    }
}

/// A broker with ticks, a migrated database, and the same rows in files for psql.
private final class PersisterBench {
    let broker: TestBroker
    /// How many ticks the topic holds.
    let rows: Int
    /// How many of them the INSERTs take: they are slow.
    let insertedRows: Int
    let place: String
    private let server: PostgresServer
    private let url: String
    private let folder: String
    private let environment: [String: String]

    init() throws {
        let variables = ProcessInfo.processInfo.environment
        server = try .durable()
        place = "\(server)"
        url = try server.makeDatabase()
        try Schema.migrate(url: url, folder: "schema")
        broker = try TestBroker(partitions: TestBroker.realBootstrapServers == nil ? 8 : 3)
        var environment = ["POSTGRES_URL": url, "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers]
        environment["KAFKA_TOPIC_PREFIX"] = broker.settings.topicPrefix
        for (name, value) in broker.settings.properties {
            environment["KAFKA_" + name.uppercased().replacingOccurrences(of: ".", with: "_")] = value
        }
        self.environment = environment
        let wanted = variables["BENCH_ROWS"].flatMap { Int($0) } ?? (broker.isReal ? 1_000_000 : 300_000)
        rows = try Self.produce(wanted, to: broker)
        insertedRows = min(rows, 100_000)
        folder = try Self.makeFolder()
        _ = try persist()
        try psql("\\copy (SELECT * FROM raw_price_data ORDER BY id) TO '\(folder)/rows.txt'")
        try psql("\\copy (SELECT * FROM raw_price_data ORDER BY id) TO '\(folder)/rows.bin' BINARY")
        try writeInserts()
    }

    deinit {
        server.dropDatabase(url)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Empties the table, starts the Persister in this process, and measures from its assignment to its last commit.
    func persist() throws -> Timing {
        try clear()
        try psql("DELETE FROM processing_metadata")
        let (pipeline, readiness) = try PersisterCommand.start(SettingsReader(environment: environment))
        // The shell's condition; there is no shell here.
        readiness.set(Readiness.pipeline, .ok)
        let stop = StopSignal()
        let run = Run()
        try DedicatedThread.start(name: "persister") {
            run.end(with: Result { try pipeline.run(stop: stop) })
        }
        // Joining the group takes as long as the broker likes; it isn't what is measured.
        while !readiness.isReady {
            try run.check()
            usleep(500)
        }
        let start = Date()
        var timing = try Timing.of {
            while try psql("SELECT coalesce(sum(rows_written), 0) FROM processing_metadata") != "\(rows)" {
                try run.check()
                usleep(50_000)
            }
        }
        let end = try psql("SELECT extract(epoch FROM max(updated_at)) FROM processing_metadata")
        timing.wallSeconds = (Double(end) ?? .infinity) - start.timeIntervalSince1970
        stop.request()
        while run.isGoing { usleep(1000) }
        return timing
    }

    /// `\copy` in psql's text format, in the order of the ids.
    func copy() throws -> Timing {
        try clear()
        return try Timing.of { try psql("\\copy raw_price_data FROM '\(folder)/rows.txt'") }
    }

    /// `\copy` in the binary format.
    func copyBinary() throws -> Timing {
        try clear()
        return try Timing.of { try psql("\\copy raw_price_data FROM '\(folder)/rows.bin' BINARY") }
    }

    /// INSERTs of 1000 rows each, as most programs write; each is a transaction.
    func insert() throws -> Timing {
        try clear()
        return try Timing.of { try psql("\\i \(folder)/inserts.sql") }
    }

    private func clear() throws {
        try psql("TRUNCATE raw_price_data")
        try psql("CHECKPOINT")
    }

    private func writeInserts() throws {
        let statements = try psql(
            """
            SELECT 'INSERT INTO raw_price_data VALUES ' || string_agg(row, ',') || ' ON CONFLICT DO NOTHING;'
            FROM (
                SELECT (n - 1) / 1000 AS statement, format('(%L,%L,%L,%s,%L,%L,%s,%s,%s,%s,%s,%s,%L)', id, "timestamp",
                    ingested_at, coalesce(market_cap_rank::text, 'NULL'), coin_id, vs_currency, price,
                    coalesce(market_cap::text, 'NULL'), coalesce(total_volume::text, 'NULL'),
                    coalesce(high_24h::text, 'NULL'), coalesce(low_24h::text, 'NULL'),
                    coalesce(price_change_percentage_24h::text, 'NULL'), source) AS row
                FROM (SELECT row_number() OVER (ORDER BY id) AS n, * FROM raw_price_data) AS numbered
                WHERE n <= \(insertedRows)
            ) AS rows GROUP BY statement
            """
        )
        try statements.write(toFile: folder + "/inserts.sql", atomically: false, encoding: .utf8)
    }

    @discardableResult
    private func psql(_ command: String) throws -> String {
        try server.psql(command, on: url)
    }

    /// Ticks of 1000 coins, ten seconds apart for each.
    /// - Returns: how many the broker kept: the mock's memory is small.
    private static func produce(_ count: Int, to broker: TestBroker) throws -> Int {
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let name = broker.settings.name(.raw)
        let topic = try producer.topic(name, schema: "price-tick/1")
        let ticks = JSONBench.ticks(count: 1000)
        var json = JSONWriter()
        for number in 0..<count {
            var tick = ticks[number % 1000]
            let coin = number % 1000
            tick.coinID = "coin-\(coin)"
            let time = 1_795_305_600_000_000 + Int64(number / 1000) * 10_000_000
            tick.timestamp = EventTime(microseconds: time)
            tick.ingestedAt = EventTime(microseconds: time + 400_000)
            tick.price = Price(units: tick.price.units + Int128(number) * 1_000_000_000_000)
            json.reset()
            tick.write(to: &json)
            try producer.send(to: topic, key: tick.coinID, value: json.withUnsafeBytes { Array($0) })
        }
        try producer.flush(timeout: .seconds(60))
        let reader = try KafkaReader(settings: broker.settings)
        return try (0..<Int32(reader.topics()[name] ?? 0)).reduce(0) { sum, partition in
            try sum + reader.watermarkOffsets(of: TopicPartition(topic: name, partition: partition)).count
        }
    }

    private static func makeFolder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tickline-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.path
    }
}

/// A pipeline that runs on a thread of its own, and how it ended.
private final class Run: Sendable {
    private let result = Mutex<Result<Void, any Error>?>(nil)

    var isGoing: Bool { result.withLock { $0 == nil } }

    func end(with result: Result<Void, any Error>) {
        self.result.withLock { $0 = result }
    }

    /// Throws if it has ended.
    func check() throws {
        guard let result = result.withLock({ $0 }) else { return }
        try result.get()
        throw BenchmarkError("the persister ended by itself")
    }
}
