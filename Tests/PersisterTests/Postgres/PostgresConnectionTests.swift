import Foundation
import Glibc
import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("Connecting to PostgreSQL", .ownThread)
struct PostgresConnectionTests {
    private func failure(_ url: String) throws -> PostgresError {
        let url = try #require(PostgresURL(url))
        let error = #expect(throws: PostgresError.self) {
            _ = try PostgresConnection(url, timeout: .seconds(5))
        }
        return try #require(error)
    }

    @Test("A refused password, a missing database and an absent server are told apart, without the password")
    func refused() throws {
        let server = try PostgresServer.shared.get()
        let password = try failure("postgresql://tickline:s3cret@127.0.0.1:\(server.port)/postgres")
        #expect(password.sqlState == .invalidPassword)
        #expect(password.disposition == .fatal)
        #expect(password.description.contains("refuses the password of user tickline"))
        #expect(!password.description.contains("s3cret"))

        let database = try failure(server.url("no_such_database"))
        #expect(database.sqlState == .unknownDatabase)
        #expect(database.disposition == .fatal)

        let absent = try failure("postgresql://tickline:s3cret@127.0.0.1:\(try LoopbackSocket.freePort())/postgres")
        #expect(absent.disposition == .retry)
        #expect(absent.description.contains("cannot be reached: Connection refused"))
        #expect(!absent.description.contains("s3cret"))
    }

    @Test("POSTGRES_URL that does not parse is refused at the start, and is not shown")
    func setting() throws {
        for text in ["tickline", "http://localhost/", "postgresql://u:p%zz@h/db", "postgresql://h:5432/db?nope=1"] {
            let error = #expect(throws: SettingsError.self) {
                _ = try SettingsReader(environment: ["POSTGRES_URL": text]).value(PostgresSettings.url)
            }
            #expect(error?.description.contains("POSTGRES_URL") == true)
            #expect(error?.description.contains(text) == false)
        }
    }

    @Test(
        "A URL whose password libpq would read as something else is refused",
        arguments: [
            "postgresql://u:s3/cret@h:5432/db", "postgresql://u:12/s3cret@h/db", "postgresql://u:s3@cret@h/db",
            "postgresql://u:s3:c/ret@h/db", "postgresql://u:12?a=s3@h/cret@h/db", "postgresql://h:s3cret/db",
            "postgresql://u:12/s3?password=cret@h/db", "postgresql://h:70000/db", "postgresql://[::1]s3cret/db",
        ]
    )
    func misread(url: String) throws {
        #expect(PostgresURL(url) == nil)
    }

    @Test(
        "What libpq reads as it is meant is taken, and shown with its password masked",
        arguments: [
            ("postgresql://u:s3cret@h:5432/db", "postgresql://u:***@h:5432/db"),
            ("postgresql://u:s:3?c%2Fret@h/db", "postgresql://u:***@h/db"),
            ("postgres://u@h/db?sslmode=require&password=s3cret", "postgres://u@h/db?sslmode=require&password=***"),
            ("postgresql://u:s3cret@[::1]:5432,h2:5433/db", "postgresql://u:***@[::1]:5432,h2:5433/db"),
            ("postgresql:///db?host=/run/postgresql", "postgresql:///db?host=/run/postgresql"),
        ]
    )
    func shown(url: String, shown: String) throws {
        #expect(PostgresURL(url) != nil)
        let reader = SettingsReader(environment: ["POSTGRES_URL": url])
        let values = SettingsTable.values([PostgresSettings.url], in: reader)
        #expect(values == "POSTGRES_URL=\(shown)")
    }

    @Test("A server that stands still is given up after its time, and the connection with it")
    func silent() throws {
        let database = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let connection = try PostgresConnection(database.url, silence: .milliseconds(300))
        try connection.execute("CREATE TABLE c (x text)")
        let pid = try #require(Int32(try connection.query("SELECT pg_backend_pid()")[0][0] ?? ""))
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        let error = #expect(throws: PostgresError.self) {
            try connection.copy("COPY c FROM STDIN BINARY", rows: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        #expect(error?.description.contains("has not answered for 0.3 seconds") == true)
        #expect(error?.disposition == .retry)
        #expect(!connection.isUsable)
        #expect(throws: PostgresError.self) { try connection.execute("SELECT 1") }
    }

    @Test("A server that stops reading in the middle of a COPY is given up too")
    func silentReader() throws {
        let database = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let connection = try PostgresConnection(database.url, silence: .milliseconds(300))
        // The server waits for a lock and reads no more.
        let holder = try database.connect()
        try connection.execute("CREATE TABLE c (x bytea); CREATE TABLE d ()")
        try connection.execute(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE d; RETURN NEW; END $$;
            CREATE TRIGGER wait BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION wait()
            """
        )
        try holder.execute("BEGIN; LOCK TABLE d")
        var rows = CopyBuffer()
        let value = String(repeating: "x", count: 1 << 20)
        for _ in 0..<64 {
            rows.appendRow(room: 64 + value.utf8.count) { row in
                row.begin(fields: 1)
                row.text(value)
            }
        }
        let error = #expect(throws: PostgresError.self) {
            try rows.withBytes(0..<rows.count) { bytes throws(PostgresError) in
                try connection.copy("COPY c FROM STDIN BINARY", rows: bytes)
            }
        }
        #expect(error?.description.contains("has not answered") == true)
        #expect(!connection.isUsable)
    }

    @Test("A requested stop ends a wait at once")
    func stopped() throws {
        let database = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let stop = StopSignal()
        let connection = try PostgresConnection(database.url, stop: stop)
        Thread.detachNewThread {
            usleep(200_000)
            stop.request()
        }
        let error = #expect(throws: PostgresError.self) { try connection.execute("SELECT pg_sleep(600)") }
        #expect(error?.description.contains("stopped while waiting") == true)
        #expect(throws: PostgresError.self) { _ = try PostgresConnection(database.url, stop: stop) }
    }

    @Test("The error of a statement has its code and message; the connection goes on")
    func statements() throws {
        let database = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let connection = try database.connect()
        let error = #expect(throws: PostgresError.self) { try connection.execute("SELECT 1 / 0") }
        #expect(error?.sqlState == SQLState("22012"))
        #expect(error?.disposition == .badData)
        #expect(try connection.query("SELECT $1::int + 1, NULL", ["41"]) == [["42", nil]])
        let missing = #expect(throws: PostgresError.self) { try connection.execute("SELECT * FROM nowhere") }
        #expect(missing?.disposition == .fatal)
        #expect(missing?.description.contains("persister migrate") == true)
    }

    @Test("A COPY that fails says at which row, and a connection that is cut says so")
    func copyErrors() throws {
        let database = try TestDatabase(on: PostgresServer.shared.get(), migrated: false)
        let connection = try database.connect()
        try connection.execute("CREATE TABLE c (x int CHECK (x <> 77))")
        var rows = CopyBuffer()
        for value in 0..<100 {
            rows.appendRow(room: 64) { row in
                row.begin(fields: 1)
                row.integer(Int32(value))
            }
        }
        let error = #expect(throws: PostgresError.self) {
            try rows.withBytes(0..<rows.count) { bytes throws(PostgresError) in
                try connection.copy("COPY c FROM STDIN BINARY", rows: bytes)
            }
        }
        #expect(error?.sqlState == SQLState("23514"))
        #expect(error?.row == 77)

        let pid = try connection.query("SELECT pg_backend_pid()")[0][0] ?? ""
        _ = try database.psql("SELECT pg_terminate_backend(\(pid))")
        let cut = #expect(throws: PostgresError.self) { try connection.execute("SELECT 1") }
        #expect(cut?.disposition == .retry)
        #expect(!connection.isUsable)
    }

    @Test(
        "Classes of SQLSTATE decide what a failure means",
        arguments: [
            ("22021", Disposition.badData), ("22P03", .badData), ("23502", .badData), ("23505", .badData),
            ("54000", .badData), ("21000", .badData), ("44000", .badData), ("P0001", .badData), ("TS999", .badData),
            ("53200", .retry), ("25P03", .retry), ("3B001", .retry), ("XX002", .retry),
            ("08006", .retry), ("53100", .retry), ("53300", .retry), ("57P01", .retry), ("57P03", .retry),
            ("40001", .retry), ("40P01", .retry), ("55P03", .retry), ("25006", .retry), ("58030", .retry),
            ("XX000", .retry), ("28P01", .fatal), ("3D000", .fatal), ("42P01", .fatal), ("42501", .fatal),
        ]
    )
    func classes(code: String, disposition: Disposition) {
        #expect(SQLState(code).disposition == disposition)
    }

    @Test("What libpq says about a refused connection is read in any language and over several lines")
    func texts() {
        let german = PostgresErrorText.refusedConnection(
            """
            Verbindung zum Server auf »db« (10.0.0.1), Port 5432 fehlgeschlagen: FATAL:  28P01: Passwort falsch
            LOCATION:  auth_failed, auth.c:326
            """,
            place: "db:5432/tickline",
            user: "tickline"
        )
        #expect(german.sqlState == .invalidPassword)
        let starting = PostgresErrorText.refusedConnection(
            #"connection to server at "db", port 5432 failed: FATAL:  57P03: the database system is starting up"#,
            place: "db:5432/tickline",
            user: "tickline"
        )
        #expect(starting.disposition == .retry)
        #expect(starting.message.hasSuffix("the database system is starting up"))
        #expect(PostgresErrorText.copyRow(inContext: "COPY t, line 7, column price") == 6)
        #expect(PostgresErrorText.copyRow(inContext: "COPY t, Zeile 12") == 11)
        #expect(PostgresErrorText.copyRow(inContext: "SQL statement") == nil)
    }
}
