import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("The Persister as a process", .ownThread)
struct PersisterServiceTests {
    @Test("Every topic reaches its table; what cannot be used reaches the dead letters with its reason")
    func topics() throws {
        let stage = try Stage(on: PostgresServer.shared.get())
        try stage.ticks(0..<1000)
        try stage.produce([Ticks.json(Ticks.window(minute: 0, close: 3, revision: 0))], to: .aggregates1m)
        try stage.produce(
            [Ticks.json(Ticks.window(minute: 0, close: 3, revision: 0, sliding: true))],
            to: .aggregatesSliding
        )
        try stage.produce([Array("not JSON".utf8), Ticks.json(Ticks.tick(1, price: Price(units: -1)))])
        var odd = Ticks.window(minute: 1, close: 3, revision: 0)
        odd.windowEnd = EventTime(microseconds: odd.windowStart.microseconds + 30_000_000)
        try stage.produce([Ticks.json(odd)], to: .aggregates1m)
        let service = try stage.start()
        try service.waitUntilReady()
        try stage.wait(for: try stage.expected(0..<1000), from: Stage.checksum, by: service)
        try stage.wait(for: "1", from: "SELECT count(*) FROM price_aggregates_1m", by: service)
        try stage.wait(for: "1", from: "SELECT count(*) FROM price_aggregates_sliding", by: service)
        try stage.wait(for: "1005", from: "SELECT sum(next_offset) FROM processing_metadata", by: service)

        let letters = try stage.broker.records(of: stage.broker.settings.name(.deadLetter))
        #expect(letters.count == 3)
        let decoding = try #require(letters.first { $0.value == "not JSON" })
        let headers = Dictionary(uniqueKeysWithValues: decoding.headers.map { ($0.name, $0.text) })
        #expect(headers["service"] == "persister")
        #expect(headers["source_topic"] == stage.broker.settings.name(.raw))
        #expect(headers["error"]?.contains("at byte 0") == true)
        let negative = try #require(letters.first { $0.value?.contains("\"price\":-") == true })
        #expect(negative.headers.contains { $0.name == "error" && $0.text.hasPrefix("price must not be negative") })
        #expect(negative.key == "key 1")
        let refused = try #require(letters.first { $0.value?.contains("window_end") == true })
        #expect(refused.headers.contains(KafkaHeader("sqlstate", "23514")))

        try service.wait("the metrics") {
            try service.metric("tickline_persister_dead_letters_total") == 3 ? true : nil
        }
        #expect(try service.metric("tickline_persister_rows_total") == 1002)
        #expect(service.terminate() == 0)
    }

    @Test("Stopped, killed and started again it goes on at the database's position: nothing is lost, nothing doubled")
    func restart() throws {
        let stage = try Stage(on: PostgresServer.shared.get())
        try stage.ticks(0..<2000)
        var service = try stage.start()
        try stage.wait(for: try stage.expected(0..<2000), from: Stage.checksum, by: service)
        #expect(service.terminate() == 0)
        try stage.ticks(2000..<4000)
        service = try stage.start()
        try service.waitForLine(containing: "assigned")
        service.kill()
        try stage.ticks(4000..<6000)
        service = try stage.start()
        try stage.wait(for: try stage.expected(0..<6000), from: Stage.checksum, by: service)
        try stage.wait(for: "6000|6000", from: Self.positions, by: service)
        #expect(try service.metric("tickline_persister_conflicts_total") == 0)
    }

    @Test("A cut network and a restarted server cost time, not rows; the group is kept and /readyz tells")
    func faults() throws {
        let server = try PostgresServer()
        let stage = try Stage(on: server)
        let proxy = try LoopbackProxy(to: server.port)
        let url = stage.database.text.replacingOccurrences(of: ":\(server.port)/", with: ":\(proxy.port)/")
        let service = try stage.start(["POSTGRES_URL": url, "PERSISTER_BATCH_ROWS": "500"])
        try service.waitUntilReady()
        try stage.ticks(0..<1000)
        try stage.wait(for: try stage.expected(0..<1000), from: Stage.checksum, by: service)

        proxy.cut()
        try stage.ticks(1000..<5000)
        try service.waitForLine(containing: "nothing is lost")
        #expect(try service.readiness().contains("postgres"))
        proxy.mend()
        try stage.wait(for: try stage.expected(0..<5000), from: Stage.checksum, by: service)
        try service.waitUntilReady()

        server.stop(signal: "QUIT")
        try stage.ticks(5000..<9000)
        try service.wait("/readyz to fail") { try service.readiness().contains("PostgreSQL") ? true : nil }
        try server.start()
        try stage.wait(for: try stage.expected(0..<9000), from: Stage.checksum, by: service)
        try stage.wait(for: "9000|9000", from: Self.positions, by: service)
        // One assignment from the start to the end: the group never lost its member.
        #expect(service.log.components(separatedBy: "\"assigned\"").count == 2, "\(service.log)")
        #expect(try service.metric("tickline_persister_dead_letters_total") == 0)
        #expect(service.terminate() == 0)
    }

    @Test("A database that is read-only or has a full disk is named in /readyz, and gets its rows when it recovers")
    func fullDisk() throws {
        let stage = try Stage(on: PostgresServer.shared.get())
        let service = try stage.start()
        try service.waitUntilReady()
        _ = try stage.database.psql(
            """
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON raw_price_data EXECUTE FUNCTION full_disk()
            """
        )
        try stage.ticks(0..<100)
        try service.wait("the full disk") { try service.readiness().contains("disk is full") ? true : nil }
        let name = try stage.database.psql("SELECT current_database()")
        _ = try stage.database.psql(
            """
            DROP TRIGGER full_disk ON raw_price_data;
            ALTER DATABASE \(name) SET default_transaction_read_only = on
            """
        )
        try service.wait("read-only") { try service.readiness().contains("database is read-only") ? true : nil }
        let server = stage.database.server
        try server.psql("ALTER DATABASE \(name) RESET default_transaction_read_only", on: server.url("postgres"))
        try stage.wait(for: try stage.expected(0..<100), from: Stage.checksum, by: service)
        try service.waitUntilReady()
    }

    @Test("Records that the broker no longer has stop the service, or are passed over when that is allowed")
    func gap() throws {
        let stage = try Stage(on: PostgresServer.shared.get(), partitions: 1)
        try stage.ticks(0..<100)
        let name = stage.broker.settings.name(.raw)
        _ = try stage.database.psql(
            "INSERT INTO processing_metadata VALUES ('persister', '\(name)', 0, 5000, NULL, 0, now())"
        )
        let stopping = try stage.start()
        #expect(try stopping.waitForExit() == 1)
        #expect(stopping.log.contains("PERSISTER_ON_GAP=continue"))
        let service = try stage.start(["PERSISTER_ON_GAP": "continue"])
        try stage.wait(for: try stage.expected(0..<100), from: Stage.checksum, by: service)
        #expect(try service.metric("tickline_persister_gaps_total") == 1)
    }

    @Test("Without schema, with a wrong password or without topics it says in one line what to do")
    func setup() throws {
        let stage = try Stage(on: PostgresServer.shared.get())
        let empty = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let bare = try ServiceProcess.run("persister", environment: stage.environment(["POSTGRES_URL": empty.text]))
        #expect(bare.code == 1)
        #expect(bare.output.contains("persister migrate"))

        let wrong = stage.database.text.replacingOccurrences(of: "tickline:tickline@", with: "tickline:s3cret@")
        let refused = try ServiceProcess.run("persister", environment: stage.environment(["POSTGRES_URL": wrong]))
        #expect(refused.code == 1)
        #expect(refused.output.contains("refuses the password"))
        #expect(!refused.output.contains("s3cret"))

        let elsewhere = try stage.start(["KAFKA_TOPIC_PREFIX": "none."])
        try elsewhere.waitForLine(containing: "no topic none.alerts.rules")
        #expect(elsewhere.isRunning)
    }

    @Test("`persister migrate` brings an empty database up and says where it stands")
    func migrate() throws {
        let database = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let environment = ["POSTGRES_URL": database.text, "SCHEMA_DIR": TestDatabase.schemaFolder]
        #expect(try ServiceProcess.run("persister", ["migrate", "--status"], environment: environment).code == 1)
        let first = try ServiceProcess.run("persister", ["migrate"], environment: environment)
        #expect(first.code == 0, "\(first.output)")
        #expect(first.output.contains("001_tables.sql: applied"))
        let status = try ServiceProcess.run("persister", ["migrate", "--status"], environment: environment)
        #expect(status.code == 0)
        #expect(status.output.contains("002_hypertables.timescaledb.sql\tnot for this server"))
        #expect(
            try ServiceProcess.run("persister", ["migrate"], environment: environment).output.contains("up to date")
        )
    }

    @Test("Two share the partitions, and one goes on alone when the other is killed")
    func sharing() throws {
        let stage = try Stage(on: PostgresServer.shared.get(), partitions: 4)
        let first = try stage.start()
        try first.waitUntilReady()
        let second = try stage.start()
        try stage.ticks(0..<2000)
        try second.waitUntilReady()
        try stage.wait(for: try stage.expected(0..<2000), from: Stage.checksum, by: first)
        try first.wait("each partition to be shown by its owner alone") {
            let shown = try [first, second].map { try Self.partitionsWithLag($0) }
            return shown[0].isDisjoint(with: shown[1]) && shown[0].union(shown[1]).count == 4 ? true : nil
        }
        try stage.ticks(2000..<4000)
        second.kill()
        try stage.ticks(4000..<6000)
        try stage.wait(for: try stage.expected(0..<6000), from: Stage.checksum, by: first, within: 90)
        try stage.wait(for: "6000|6000", from: Self.positions, by: first)
    }

    /// The partitions of the ticks whose lag an instance shows, as they stand in `/metrics`.
    private static func partitionsWithLag(_ service: ServiceProcess) throws -> Set<Substring> {
        let lines = try service.metrics().split(separator: "\n")
        let shown = lines.filter { $0.hasPrefix("tickline_persister_lag_records{") && $0.contains("prices.raw") }
        return Set(shown.compactMap { $0.split(separator: " ").first })
    }

    private static let positions = """
        SELECT sum(next_offset), sum(rows_written) FROM processing_metadata
        """
}
