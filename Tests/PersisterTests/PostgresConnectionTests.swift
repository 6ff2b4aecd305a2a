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

        let absent = try failure("postgresql://tickline:s3cret@127.0.0.1:\(PostgresServer.freePort())/postgres")
        #expect(absent.disposition == .retry)
        #expect(absent.description.contains("cannot be reached: Connection refused"))
        #expect(!absent.description.contains("s3cret"))
    }

    @Test("POSTGRES_URL that does not parse is refused at the start, and is not shown")
    func setting() throws {
        for text in ["tickline", "http://localhost/", "postgresql://u:p%zz@h/db", "postgresql://h:5432/db?nope=1"] {
            let error = #expect(throws: SettingsError.self) {
                _ = try SettingsReader(environment: ["POSTGRES_URL": text]).value(PostgresURL.setting)
            }
            #expect(error?.description.contains("POSTGRES_URL") == true)
            #expect(error?.description.contains(text) == false)
        }
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
