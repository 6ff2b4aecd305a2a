import CLibPQ
import Glibc
import Shared

/// One connection to PostgreSQL, over libpq's non-blocking interface; with ``PostgresResult`` the only Swift that touches
/// libpq.
///
/// It belongs to the thread that made it. Every wait is a `poll(2)` of ours with an end: a server that stands still, or
/// vanished without a word, is noticed by its silence, and a requested stop ends the wait at once. Afterwards nobody knows
/// where the two sides are, so the connection is of no more use.
final class PostgresConnection: DatabaseConnection {
    private let handle: OpaquePointer
    private let silence: Duration?
    private let stop: StopSignal?
    private let heartbeat: Heartbeat?
    /// Whether a wait was given up.
    private var isGivenUp = false

    /// Connects.
    /// - Parameters:
    ///   - url: Where to; what its query says goes before the defaults here.
    ///   - timeout: How long the attempt may take.
    ///   - silence: How long the server may say nothing while an answer is due; without it as long as it likes (for
    ///     migrations), if only its network is alive.
    ///   - stop: Ends every wait when it is requested.
    ///   - heartbeat: Gets a beat every second of a wait: waiting is not hanging.
    /// - Throws: ``PostgresError``, with a message that says what to do.
    init(
        _ url: PostgresURL,
        timeout: Duration = .seconds(10),
        silence: Duration? = nil,
        stop: StopSignal? = nil,
        heartbeat: Heartbeat? = nil
    ) throws(PostgresError) {
        // Later entries go before earlier ones, and the URL is expanded in its place.
        var parameters: [(String, String)] = [
            ("fallback_application_name", "tickline-persister"),
            ("client_encoding", "UTF8"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
            ("dbname", url.text),
        ]
        if let password = url.password { parameters.append(("password", password)) }
        let started = Self.withCStrings(parameters.map(\.0)) { keywords in
            Self.withCStrings(parameters.map(\.1)) { values in PQconnectStartParams(keywords, values, 1) }
        }
        guard let started else {
            throw PostgresError(sqlState: .connectionFailure, message: "no memory for a connection to PostgreSQL")
        }
        handle = started
        self.silence = silence
        self.stop = stop
        self.heartbeat = heartbeat
        // Verbose while connecting, because libpq puts the code of a refused connection nowhere but into the text.
        _ = PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        let deadline = ContinuousClock.now.advanced(by: timeout)
        var state = PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            guard state != PGRES_POLLING_FAILED, PQstatus(handle) != CONNECTION_BAD else {
                throw connectionError()
            }
            let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
            let left = ContinuousClock.now.duration(to: deadline)
            _ = try wait(
                for: events,
                atMost: left,
                orThrow: "does not answer within \(timeout); is POSTGRES_URL right?"
            )
            state = PQconnectPoll(handle)
        }
        guard PQsetnonblocking(handle, 1) == 0 else { throw connectionError() }
        _ = PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
    }

    deinit {
        PQfinish(handle)
    }

    /// What a URL says, by libpq's names; nil if libpq can't make sense of it.
    static func options(of url: String) -> [String: String]? {
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &message)
        PQfreemem(message)
        guard let options else { return nil }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return found
    }

    /// Host, port and database, for messages.
    var place: String {
        func text(_ value: UnsafePointer<CChar>?) -> String { value.map { String(cString: $0) } ?? "" }
        return "\(text(PQhost(handle))):\(text(PQport(handle)))/\(text(PQdb(handle)))"
    }

    /// Whether the connection is still believed to stand; false after it broke, or a wait was given up.
    var isUsable: Bool {
        !isGivenUp && PQstatus(handle) == CONNECTION_OK
    }

    /// Runs statements, separated by semicolons, in one trip. Several of them outside a transaction are one transaction.
    /// - Returns: how many rows the last one touched.
    /// - Throws: the first error; the statements after it have not run.
    @discardableResult
    func execute(_ statements: String) throws(PostgresError) -> Int {
        try check(PQsendQuery(handle, statements))
        return try answer().affected
    }

    /// Runs one statement with parameters as text, and drops what it returns.
    /// - Returns: how many rows it touched.
    @discardableResult
    func execute(_ statement: String, _ parameters: [String?]) throws(PostgresError) -> Int {
        try send(statement, parameters)
        return try answer().affected
    }

    /// Runs one statement with parameters as text.
    /// - Returns: its rows, each value as text or nil for NULL.
    func query(_ statement: String, _ parameters: [String?] = []) throws(PostgresError) -> [[String?]] {
        try send(statement, parameters)
        return try answer().rows
    }

    /// Sends rows in PostgreSQL's binary COPY format.
    /// - Parameters:
    ///   - statements: Ends with a `COPY … FROM STDIN BINARY`; statements may come before it, in the same trip.
    ///   - rows: The rows alone, without the format's header and trailer.
    /// - Throws: ``PostgresError``; its `row` says where the server stopped, if it says so.
    func copy(_ statements: String, rows: UnsafeRawBufferPointer) throws(PostgresError) {
        try check(PQsendQuery(handle, statements))
        guard try answer().isCopyIn else {
            throw PostgresError(sqlState: SQLState("XX000"), message: "the server did not begin the COPY")
        }
        let (header, trailer) = (CopyFormat.header, CopyFormat.trailer)
        try put(header.span.bytes)
        var start = 0
        while start < rows.count {
            let end = min(rows.count, start + 64 * 1024)
            try put(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: rows[start..<end])))
            start = end
        }
        try put(trailer.span.bytes)
        try check(PQputCopyEnd(handle, nil))
        _ = try answer()
    }

    // MARK: - There and back

    private func send(_ statement: String, _ parameters: [String?]) throws(PostgresError) {
        let isSent = Self.withCStrings(parameters) { values in
            PQsendQueryParams(handle, statement, Int32(parameters.count), nil, values, nil, nil, 0)
        }
        try check(isSent)
    }

    /// Hands bytes of a COPY over, and waits until the network has taken them: libpq would keep all of them in memory.
    private func put(_ bytes: RawSpan) throws(PostgresError) {
        let isPut = bytes.withUnsafeBytes {
            PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
        }
        try check(isPut)
        try flush()
    }

    /// Throws unless libpq took what it was given.
    private func check(_ isTaken: Int32) throws(PostgresError) {
        guard !isGivenUp, isTaken == 1 else { throw connectionLost() }
    }

    private func flush() throws(PostgresError) {
        while PQflush(handle) == 1 {
            // A server that has something to say may not read before it has said it.
            if try wait(for: POLLIN | POLLOUT) & POLLIN != 0, PQconsumeInput(handle) == 0 { return }
        }
    }

    /// Waits for the answer to all that was sent: the last result, or that of the COPY which now wants its rows.
    /// - Throws: the first error that the server answered, after all of its answer is read.
    private func answer() throws(PostgresError) -> PostgresResult {
        try flush()
        var last = PostgresResult(nil)
        var failure: PostgresError?
        while true {
            while PQisBusy(handle) == 1 {
                try wait(for: POLLIN)
                if PQconsumeInput(handle) == 0 { break }
            }
            guard let pointer = PQgetResult(handle) else { break }
            last = PostgresResult(pointer)
            if last.isCopyIn { break }
            if !last.isSuccess, failure == nil { failure = error(of: last) }
            if PQstatus(handle) == CONNECTION_BAD { break }
        }
        if let failure { throw failure }
        guard isUsable else { throw connectionLost() }
        return last
    }

    // MARK: - Waiting

    @discardableResult
    private func wait(for events: Int32) throws(PostgresError) -> Int32 {
        let silence = silence ?? .seconds(3600)
        return try wait(for: events, atMost: silence, orThrow: self.silence.map { "has not answered for \($0)" })
    }

    /// - Parameter complaint: What to say of the server when the time is up; nil waits on.
    private func wait(
        for events: Int32,
        atMost time: Duration,
        orThrow complaint: String?
    ) throws(PostgresError) -> Int32 {
        let deadline = ContinuousClock.now.advanced(by: time)
        while true {
            guard PQsocket(handle) >= 0 else { throw connectionLost() }
            var descriptors = [
                pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0),
                pollfd(fd: stop?.fileDescriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let left = max(.zero, ContinuousClock.now.duration(to: deadline))
            heartbeat?.beat()
            let ready = poll(&descriptors, 2, Int32(min(left, .seconds(1)) / .milliseconds(1)) + 1)
            if stop?.isRequested == true {
                isGivenUp = true
                throw PostgresError(sqlState: .connectionFailure, message: "stopped while waiting for PostgreSQL")
            }
            if ready > 0 { return Int32(descriptors[0].revents) }
            if left == .zero, let complaint {
                isGivenUp = true
                throw PostgresError(sqlState: .connectionFailure, message: "PostgreSQL at \(place) \(complaint)")
            }
            if left == .zero { return 0 }
        }
    }

    // MARK: - Errors

    private func error(of result: borrowing PostgresResult) -> PostgresError {
        guard let state = result.field("C") else { return connectionLost() }
        var message = result.field("M") ?? "no message"
        if let detail = result.field("D") {
            message += ": \(detail)"
        }
        switch SQLState(state) {
        case .undefinedTable: message += "; has `persister migrate` been run?"
        case .diskFull: message = "the database's disk is full: " + message
        case .readOnly: message = "the database is read-only: " + message
        default: break
        }
        let row = result.field("W").flatMap(PostgresErrorText.copyRow(inContext:))
        return PostgresError(sqlState: SQLState(state), message: Self.oneLine(message), row: row)
    }

    private func connectionLost() -> PostgresError {
        let text = Self.oneLine(String(cString: PQerrorMessage(handle)))
        let message = "the connection to PostgreSQL at \(place) is lost: \(text)"
        return PostgresError(sqlState: .connectionFailure, message: message)
    }

    private func connectionError() -> PostgresError {
        let user = PQuser(handle).map { String(cString: $0) } ?? ""
        return PostgresErrorText.refusedConnection(String(cString: PQerrorMessage(handle)), place: place, user: user)
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    // MARK: - C

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
