import CLibPQ

extension PostgresServer {
    /// Runs SQL over a connection of its own. `psql` would do as well, but tests ask twenty times a second, and to start it costs
    /// more than the question does.
    /// - Returns: what `psql -qAt` prints: the rows, columns separated by `|`, NULL as nothing.
    /// - Throws: ``Unavailable`` with the server's words, or libpq's.
    static func rows(_ sql: String, on url: String) throws(Unavailable) -> String {
        let connection = PQconnectdb(url)
        defer { PQfinish(connection) }
        func words(_ text: UnsafePointer<CChar>?) -> Unavailable {
            Unavailable(description: text.map { String(cString: $0) } ?? "no words")
        }
        guard PQstatus(connection) == CONNECTION_OK else { throw words(PQerrorMessage(connection)) }
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        guard PQsendQuery(connection, sql) == 1 else { throw words(PQerrorMessage(connection)) }
        var lines: [String] = []
        while let result = PQgetResult(connection) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK: lines += Self.lines(of: result)
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
            default: throw words(PQresultErrorMessage(result))
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func lines(of result: OpaquePointer) -> [String] {
        (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) }.joined(separator: "|")
        }
    }
}
