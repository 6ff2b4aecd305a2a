import CLibPQ
import Glibc
import Shared

/// One connection to PostgreSQL, over libpq's blocking interface; the only Swift that touches libpq.
///
/// It belongs to the thread that made it. A server that vanishes without a word is noticed within half a minute (TCP
/// keepalive and user timeout), so no call blocks for ever on a dead network.
final class PostgresConnection {
    private let handle: OpaquePointer

    /// Connects.
    /// - Parameters:
    ///   - url: Where to; what its query says goes before the defaults here.
    ///   - timeout: How long the attempt may take.
    /// - Throws: ``PostgresError``, with a message that says what to do.
    init(_ url: PostgresURL, timeout: Duration = .seconds(10)) throws(PostgresError) {
        // Later entries go before earlier ones, and the URL is expanded in its place.
        let parameters: [(String, String)] = [
            ("fallback_application_name", "tickline-persister"),
            ("client_encoding", "UTF8"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
            ("dbname", url.text),
        ]
        let started = Self.withCStrings(parameters.map(\.0)) { keywords in
            Self.withCStrings(parameters.map(\.1)) { values in PQconnectStartParams(keywords, values, 1) }
        }
        guard let started else {
            throw PostgresError(sqlState: .connectionFailure, message: "no memory for a connection to PostgreSQL")
        }
        handle = started
        // Verbose while connecting, because libpq puts the code of a refused connection nowhere but into the text.
        _ = PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        let deadline = ContinuousClock.now.advanced(by: timeout)
        var state = PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            guard state != PGRES_POLLING_FAILED, PQstatus(handle) != CONNECTION_BAD else {
                throw connectionError()
            }
            guard wait(for: state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until: deadline) else {
                let message = "PostgreSQL at \(place) does not answer within \(timeout); is POSTGRES_URL right?"
                throw PostgresError(sqlState: .connectionFailure, message: message)
            }
            state = PQconnectPoll(handle)
        }
        _ = PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
    }

    deinit {
        PQfinish(handle)
    }

    /// Whether libpq can make sense of a URL.
    static func isReadable(url: String) -> Bool {
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &message)
        PQfreemem(message)
        guard let options else { return false }
        PQconninfoFree(options)
        return true
    }

    /// Host, port and database, for messages.
    var place: String {
        func text(_ value: UnsafePointer<CChar>?) -> String { value.map { String(cString: $0) } ?? "" }
        return "\(text(PQhost(handle))):\(text(PQport(handle)))/\(text(PQdb(handle)))"
    }

    /// Whether the connection is still believed to stand; false after it broke.
    var isUsable: Bool {
        PQstatus(handle) == CONNECTION_OK
    }

    /// Runs statements, separated by semicolons, in one trip. Several of them outside a transaction are one transaction.
    /// - Returns: how many rows the last one touched.
    /// - Throws: the first error; the statements after it have not run.
    @discardableResult
    func execute(_ statements: String) throws(PostgresError) -> Int {
        try affected(PQexec(handle, statements))
    }

    /// Runs one statement with parameters as text, and drops what it returns.
    /// - Returns: how many rows it touched.
    @discardableResult
    func execute(_ statement: String, _ parameters: [String?]) throws(PostgresError) -> Int {
        try affected(run(statement, parameters))
    }

    /// Runs one statement with parameters as text.
    /// - Returns: its rows, each value as text or nil for NULL.
    func query(_ statement: String, _ parameters: [String?] = []) throws(PostgresError) -> [[String?]] {
        let result = run(statement, parameters)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw error(of: result) }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
            }
        }
    }

    /// Sends rows in PostgreSQL's binary COPY format.
    /// - Parameters:
    ///   - statements: Ends with a `COPY … FROM STDIN BINARY`; statements may come before it, in the same trip.
    ///   - rows: The rows alone, without the format's header and trailer.
    /// - Throws: ``PostgresError``; its `row` says where the server stopped, if it says so.
    func copy(_ statements: String, rows: UnsafeRawBufferPointer) throws(PostgresError) {
        let opened = PQexec(handle, statements)
        defer { PQclear(opened) }
        guard PQresultStatus(opened) == PGRES_COPY_IN else {
            throw error(of: opened)
        }
        var sent = CopyFormat.header.withUnsafeBytes { put($0) }
        var start = 0
        while sent, start < rows.count {
            let end = min(rows.count, start + 64 * 1024)
            sent = put(UnsafeRawBufferPointer(rebasing: rows[start..<end]))
            start = end
        }
        sent = sent && CopyFormat.trailer.withUnsafeBytes { put($0) }
        _ = PQputCopyEnd(handle, sent ? nil : "the sender gave up")
        try drain()
    }

    // MARK: - Results

    private func put(_ bytes: UnsafeRawBufferPointer) -> Bool {
        PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count)) == 1
    }

    /// Reads results to the end, so that the connection is ready for the next statement.
    private func drain() throws(PostgresError) {
        var failure: PostgresError?
        while let result = PQgetResult(handle) {
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            if status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK, failure == nil {
                failure = error(of: result)
            }
            // A broken connection would answer COPY_IN for ever.
            if status == PGRES_COPY_IN, PQputCopyEnd(handle, "the sender gave up") == -1 { break }
        }
        if failure == nil, !isUsable {
            failure = error(of: nil)
        }
        if let failure { throw failure }
    }

    private func run(_ statement: String, _ parameters: [String?]) -> OpaquePointer? {
        Self.withCStrings(parameters) { values in
            PQexecParams(handle, statement, Int32(parameters.count), nil, values, nil, nil, 0)
        }
    }

    private func affected(_ result: OpaquePointer?) throws(PostgresError) -> Int {
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else { throw error(of: result) }
        return Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    // MARK: - Errors

    private func error(of result: OpaquePointer?) -> PostgresError {
        func field(_ code: Int32) -> String? {
            PQresultErrorField(result, code).map { String(cString: $0) }
        }
        guard let state = field(Int32(UInt8(ascii: "C"))) else {
            let text = Self.oneLine(String(cString: PQerrorMessage(handle)))
            let message = "the connection to PostgreSQL at \(place) is lost: \(text)"
            return PostgresError(sqlState: .connectionFailure, message: message)
        }
        var message = field(Int32(UInt8(ascii: "M"))) ?? "no message"
        if let detail = field(Int32(UInt8(ascii: "D"))) {
            message += ": \(detail)"
        }
        switch SQLState(state) {
        case .undefinedTable: message += "; has `persister migrate` been run?"
        case .diskFull: message = "the database's disk is full: " + message
        case .readOnly: message = "the database is read-only: " + message
        default: break
        }
        let row = field(Int32(UInt8(ascii: "W"))).flatMap(PostgresErrorText.copyRow(inContext:))
        return PostgresError(sqlState: SQLState(state), message: Self.oneLine(message), row: row)
    }

    private func connectionError() -> PostgresError {
        let user = PQuser(handle).map { String(cString: $0) } ?? ""
        return PostgresErrorText.refusedConnection(String(cString: PQerrorMessage(handle)), place: place, user: user)
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    // MARK: - C

    /// - Returns: false when the time is up.
    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        guard left > 0 else { return false }
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
        return poll(&descriptor, 1, Int32(left) + 1) != 0
    }

    private static func withCStrings<Result>(
        _ strings: [String?],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
    ) -> Result {
        let copies = strings.map { $0.flatMap { strdup($0) } }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { $0.map { UnsafePointer<CChar>($0) } } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
