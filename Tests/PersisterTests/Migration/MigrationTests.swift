import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("Migrations", .ownThread)
struct MigrationTests {
    @Test("There is a PostgreSQL to test on")
    func server() throws {
        _ = try PostgresServer.shared.get()
    }

    @Test("The schema is applied once; a second run finds nothing to do", arguments: PostgresServer.all)
    func twice(server: PostgresServer) throws {
        let database = try TestDatabase(on: server, migrated: false)
        let migrator = Migrator(connection: try database.connect(), files: try TestDatabase.schema())
        var said: [String] = []
        let applied = try migrator.migrate { said.append($0) }
        #expect(applied > 0)
        #expect(try migrator.migrate { _ in } == 0)
        #expect(try migrator.status().allSatisfy { $0.state != .pending })
        #expect(try database.psql("SELECT count(*) FROM schema_migrations") == "\(applied)")
        #expect(said.count { $0.contains("TimescaleDB") && $0.contains("compression") } == 1, "\(said)")
    }

    @Test("Every table, view and column has a comment", arguments: PostgresServer.all)
    func comments(server: PostgresServer) throws {
        let database = try TestDatabase(on: server)
        let bare = try database.psql(
            """
            SELECT c.relname, a.attname FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'v', 'm', 'p') AND NOT (c.relname LIKE 'price_candles%' AND c.relkind = 'm')
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
                AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)
            """
        )
        #expect(bare == "")
    }

    @Test("Four at once apply each step once", arguments: PostgresServer.all)
    func atOnce(server: PostgresServer) async throws {
        let database = try TestDatabase(on: server, migrated: false)
        let url = database.url
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<4 {
                group.addTask {
                    try await DedicatedThread.run(name: "migrate \(index)") {
                        let connection = try PostgresConnection(url)
                        return try Migrator(connection: connection, files: TestDatabase.schema()).migrate { _ in }
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(applied.count { $0 > 0 } == 1, "\(applied)")
        #expect(try database.psql("SELECT count(*) FROM schema_migrations") == "\(applied.max() ?? 0)")
    }

    @Test("A database of any earlier version ends with the same schema, its rows kept", arguments: PostgresServer.all)
    func upgrade(server: PostgresServer) throws {
        let files = try TestDatabase.schema()
        let fresh = try Self.description(of: TestDatabase(on: server))
        for version in 1..<files.count {
            let database = try TestDatabase(on: server, migrated: false)
            let connection = try database.connect()
            try database.migrate(Array(files.prefix(version)))
            try connection.execute(
                """
                INSERT INTO raw_price_data (id, "timestamp", ingested_at, coin_id, vs_currency, price, source)
                SELECT gen_random_uuid(), now() - n * INTERVAL '1 day', now(), 'bitcoin', 'usd', n, 'test'
                FROM generate_series(1, 40) AS n
                """
            )
            try Self.insertMinutes(connection)
            let before = try Self.candles(of: database)
            try database.migrate(files)
            #expect(try Self.description(of: database) == fresh, "from version \(version)")
            #expect(try database.psql("SELECT count(*), sum(price) FROM raw_price_data") == "40|820")
            // Retention takes old ticks; candles are made of the minutes, which stay.
            try database.runPolicies()
            let after = try Self.candles(of: database)
            #expect(after?.split(separator: "\n").count == 3, "from version \(version)")
            if let before { #expect(after == before, "from version \(version)") }
        }
    }

    @Test("A server that becomes TimescaleDB's Community edition later ends with the same schema")
    func becomesCommunity() throws {
        for server in PostgresServer.all {
            let files = try TestDatabase.schema()
            let database = try TestDatabase(on: server, migrated: false)
            // What the Apache edition has: every step but those for Community.
            try database.migrate(files.filter { $0.requirement != .community })
            try database.migrate(files)
            #expect(try Self.description(of: database) == Self.description(of: TestDatabase(on: server)))
        }
    }

    @Test("A file that changed after it was applied is refused, and so is a database of a newer version")
    func refuses() throws {
        let database = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let connection = try database.connect()
        let first = try #require(MigrationFile(fileName: "001_a.sql", sql: "CREATE TABLE a (x int)"))
        let changed = try #require(MigrationFile(fileName: "001_a.sql", sql: "CREATE TABLE a (x bigint)"))
        let second = try #require(MigrationFile(fileName: "002_b.sql", sql: "CREATE TABLE b (x int)"))
        try Migrator(connection: connection, files: [first, second]).migrate { _ in }
        #expect(throws: MigrationError.changed(fileName: "001_a.sql")) {
            try Migrator(connection: connection, files: [changed, second]).migrate { _ in }
        }
        #expect(throws: MigrationError.unknown(fileName: "002_b.sql")) {
            try Migrator(connection: connection, files: [first]).status()
        }
    }

    @Test("A step that fails leaves nothing of itself behind, and the steps before it stay")
    func failing() throws {
        let database = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let connection = try database.connect()
        let good = try #require(MigrationFile(fileName: "001_a.sql", sql: "CREATE TABLE a (x int)"))
        let bad = try #require(MigrationFile(fileName: "002_b.sql", sql: "CREATE TABLE b (x int); SELECT 1 / 0"))
        #expect(throws: MigrationError.self) {
            try Migrator(connection: connection, files: [good, bad]).migrate { _ in }
        }
        #expect(try database.psql("SELECT to_regclass('a'), to_regclass('b')") == "a|")
        let states = try Migrator(connection: connection, files: [good, bad]).status().map(\.state)
        #expect(states == [.applied, .pending])
    }

    @Test(
        "File names say number and requirement",
        arguments: [
            ("001_tables.sql", 1, MigrationFile.Requirement.anything),
            ("002_hypertables.timescaledb.sql", 2, .timescaledb),
            ("010_a_b.community.sql", 10, .community),
        ]
    )
    func names(name: String, number: Int, requirement: MigrationFile.Requirement) throws {
        let file = try #require(MigrationFile(fileName: name, sql: ""))
        #expect(file.number == number)
        #expect(file.requirement == requirement)
    }

    @Test(
        "Other names are no steps",
        arguments: ["README.md", "1_a.sql", "001.sql", "000_a.sql", "001_a.oracle.sql", "001_a.sql~", "0x1_a.sql"]
    )
    func otherNames(name: String) {
        #expect(MigrationFile(fileName: name, sql: "") == nil)
    }

    @Test(
        "A schema folder that cannot be used is named in one line with the system's reason",
        arguments: [
            ("/nope", "No such file or directory"), ("/dev/null", "Not a directory"), ("/tmp", "001_tables.sql"),
        ]
    )
    func unusableFolder(path: String, reason: String) {
        let error = #expect(throws: MigrationError.self) { try SchemaDirectory.read(path) }
        #expect(error?.description.contains(path) == true)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("NSCocoa") == false)
    }

    @Test(
        "--wait takes times as the settings do, and bare seconds",
        arguments: [
            ("3s", Duration.seconds(3)), ("500ms", .milliseconds(500)), ("5m", .seconds(300)), ("60", .seconds(60)),
        ]
    )
    func wait(text: String, duration: Duration) {
        #expect(WaitTime(argument: text)?.duration == duration)
        #expect(WaitTime(argument: text + "x") == nil)
    }

    /// Minutes of a week, half a year and two years ago, in whatever columns there are.
    private static func insertMinutes(_ connection: PostgresConnection) throws {
        try connection.execute(
            """
            INSERT INTO price_aggregates_1m (window_start, window_end, first_tick_at, last_tick_at, sample_count, revision,
                synthetic, partial, coin_id, vs_currency, open, high, low, close, average, total_volume)
            SELECT start, start + INTERVAL '1 minute', start, start, 2, 0, false, false, 'bitcoin', 'usd',
                n, n + 2, n - 2, n + 1, n, 1000 + n
            FROM generate_series(1, 9) AS n,
                LATERAL (SELECT now()::date - (ARRAY[7, 180, 730])[n % 3 + 1] + n * INTERVAL '1 minute' AS start) AS minute
            """
        )
    }

    /// Candles of a day, with the 24-hour figure by the name that it has; nil of a database from before there were candles.
    private static func candles(of database: TestDatabase) throws -> String? {
        guard try !database.psql("SELECT to_regclass('price_candles_1d')").isEmpty else { return nil }
        // A continuous aggregate, as they were on TimescaleDB Community, is asked for all that it can hold.
        let isKept = "SELECT count(*) > 0 FROM pg_class WHERE relname LIKE '\\_materialized\\_hypertable%'"
        if try database.psql(isKept) == "t" {
            _ = try database.psql("CALL refresh_continuous_aggregate('price_candles_1d', NULL, NULL)")
        }
        let rolling = try database.psql(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'price_candles_1d' "
                + "AND column_name = 'total_volume_24h'"
        )
        return try database.psql(
            """
            SELECT coin_id, vs_currency, bucket, open, high, low, close, trim_scale(average), samples,
                \(rolling.isEmpty ? "volume" : rolling) FROM price_candles_1d ORDER BY bucket
            """
        )
    }

    /// Columns, indexes, views and constraints of a database as text.
    private static func description(of database: TestDatabase) throws -> String {
        try database.psql(
            """
            SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
            WHERE table_schema = 'public' ORDER BY 1, 2;
            """
        )
            + database.psql("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
            + database.psql("SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1")
            + database.psql(
                """
                SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
                """
            )
    }
}
