import Foundation
import Glibc
import Synchronization

/// A PostgreSQL server for tests: one that is started for this process on a free loopback port, or the one that
/// `POSTGRES_URL` names.
///
/// A started server keeps its data in a folder of its own without fsync, and ends with the test process however that ends:
/// a small shell holds it and waits on a pipe that closes with the process.
public final class PostgresServer: Sendable, CustomStringConvertible {
    /// Why there is no server.
    public struct Unavailable: Error, CustomStringConvertible {
        /// The reason, and what to do.
        public let description: String
    }

    /// What tests print.
    public let description: String
    /// The part of the URL before the database's name: `postgresql://user:password@host:port/`.
    public let base: String
    /// What stands behind the database's name in the URL, with its question mark.
    private let suffix: String
    /// The server's port on loopback, for a started server.
    public let port: Int
    private let folder: String?
    /// The command that runs the server in the foreground, for a started server.
    private let flags: String?
    private let holder: Mutex<Process?> = Mutex(nil)
    private let pipe: Mutex<Pipe?> = Mutex(nil)

    /// The servers that tests run on: the started one and, if set, the one of `POSTGRES_URL`.
    public static let all: [PostgresServer] = {
        var servers: [PostgresServer] = []
        if let own = try? shared.get() { servers.append(own) }
        if let url = ProcessInfo.processInfo.environment["POSTGRES_URL"], !url.isEmpty {
            servers.append(PostgresServer(url: url))
        }
        return servers
    }()

    /// The server that is started once for this process.
    public static let shared: Result<PostgresServer, Unavailable> = Result { () throws(Unavailable) in
        try PostgresServer()
    }

    /// A server that is there already.
    private init(url: String) {
        let slash = url.lastIndex(of: "/") ?? url.endIndex
        let query = url.lastIndex(of: "?")
        base = String(url[..<slash]) + "/"
        suffix = query.map { String(url[$0...]) } ?? ""
        description = "the server of POSTGRES_URL"
        port = 0
        folder = nil
        flags = nil
    }

    /// Starts a server of its own.
    /// - Parameters:
    ///   - options: More settings, as `name=value`.
    ///   - certificates: With them it also speaks TLS.
    /// - Throws: ``Unavailable`` if PostgreSQL isn't installed or doesn't start.
    public init(options: [String] = [], certificates: TestCertificates? = nil) throws(Unavailable) {
        guard let programs = Self.programs() else {
            throw Unavailable(description: "PostgreSQL is not installed (Debian: apt-get install postgresql)")
        }
        let folder = "/tmp/tickline-postgres-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let port: Int
        do throws(LoopbackSocket.Failure) {
            port = try LoopbackSocket.freePort()
        } catch {
            throw Unavailable(description: error.description)
        }
        self.folder = folder
        self.port = port
        description = "PostgreSQL started by the tests"
        base = "postgresql://tickline:tickline@127.0.0.1:\(port)/"
        suffix = ""
        // PostgreSQL refuses root, so there it runs as the user postgres, who must be able to reach its folder.
        let asUser = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --clear-groups " : ""
        var options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "port=\(port)"] + options
        if certificates != nil {
            options += ["ssl=on", "ssl_cert_file=\(folder)/cert.pem", "ssl_key_file=\(folder)/key.pem"]
        }
        let settings = options.map { "-c '\($0)'" }.joined(separator: " ")
        self.flags = "\(asUser)\(programs)/postgres -D \(folder)/data \(settings)"
        let script = """
            set -e
            mkdir -m 711 \(folder)
            echo tickline > \(folder)/password
            \(getuid() == 0 ? "chown -R postgres \(folder)" : "")
            cd \(folder)
            \(asUser)\(programs)/initdb -D \(folder)/data -A scram-sha-256 -U tickline --pwfile=\(folder)/password \
                -E UTF8 --locale=C.UTF-8 --no-sync > \(folder)/initdb.log 2>&1
            """
        try Self.shell(script)
        if let certificates { try use(certificates) }
        try start()
    }

    /// Gives a started server that speaks TLS other certificates; they count after it was stopped and started.
    public func use(_ certificates: TestCertificates) throws(Unavailable) {
        guard let folder else { return }
        let owner = getuid() == 0 ? "-o postgres" : ""
        try Self.shell(
            """
            set -e
            install \(owner) -m 600 \(certificates.certificate) \(folder)/cert.pem
            install \(owner) -m 600 \(certificates.key) \(folder)/key.pem
            """
        )
    }

    deinit {
        stop()
        if let folder { _ = try? Self.shell("rm -rf \(folder)") }
    }

    /// Starts the server again after ``stop(signal:)``, with the same port and data.
    /// - Throws: ``Unavailable`` if it doesn't answer within 30 s.
    public func start() throws(Unavailable) {
        guard let folder, let flags else { return }
        let process = Process()
        let pipe = Pipe()
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // `exec` so that the server is a direct child; "read" returns when this process closes the pipe or is gone.
        process.arguments = [
            "-c",
            """
            (exec \(flags) >> \(folder)/server.log 2>&1 < /dev/null) & server=$!
            read order; kill -${order:-QUIT} $server; wait $server; [ -n "$order" ] || rm -rf \(folder)
            """,
        ]
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do { try Self.launch(process) } catch { throw Unavailable(description: "no shell: \(error)") }
        holder.withLock { $0 = process }
        self.pipe.withLock { $0 = pipe }
        try Self.shell(
            """
            for i in $(seq 600); do
                PGPASSWORD=tickline psql -X -q -h 127.0.0.1 -p \(port) -U tickline -d postgres -c 'SELECT 1' \
                    > /dev/null 2>&1 && exit 0
                sleep 0.05
            done
            tail -5 \(folder)/server.log; exit 1
            """
        )
    }

    /// Stops a started server and keeps its data; returns when it has ended.
    /// - Parameter signal: `INT` disconnects everybody and shuts down, `QUIT` is a crash.
    public func stop(signal: String = "INT") {
        guard let process = holder.withLock({ $0 }), let pipe = pipe.withLock({ $0 }) else { return }
        try? pipe.fileHandleForWriting.write(contentsOf: Data("\(signal)\n".utf8))
        process.waitUntilExit()
        holder.withLock { $0 = nil }
        self.pipe.withLock { $0 = nil }
    }

    /// Lets a started server stand still, with all its processes: it takes connections and answers nobody.
    /// - Throws: ``Unavailable`` if it isn't running.
    public func freeze() throws(Unavailable) {
        try signal("kill -STOP $p; kill -STOP $(children)")
    }

    /// Lets it go on; needed before it is stopped.
    /// - Throws: ``Unavailable`` if it isn't running.
    public func thaw() throws(Unavailable) {
        try signal("kill -CONT $(children) $p")
    }

    /// Children that have ended stay there as long as the postmaster stands still: so it goes first, and comes back last.
    private func signal(_ commands: String) throws(Unavailable) {
        guard let folder else { return }
        try Self.shell(
            """
            set -e
            children() { cat /proc/$p/task/*/children; }
            p=$(head -1 \(folder)/data/postmaster.pid)
            \(commands)
            """
        )
    }

    /// The URL of a database on this server.
    public func url(_ database: String) -> String {
        base + database + suffix
    }

    /// Creates an empty database and returns its URL.
    /// - Throws: ``Unavailable`` with psql's words.
    public func makeDatabase() throws(Unavailable) -> String {
        let name = "tickline_test_\(getpid())_\(UInt32.random(in: 0 ... .max))"
        _ = try psql("CREATE DATABASE \(name)", on: url("postgres"))
        return url(name)
    }

    /// Drops a database that ``makeDatabase()`` made, whoever is connected to it.
    public func dropDatabase(_ url: String) {
        guard let slash = url.lastIndex(of: "/") else { return }
        let name = url[url.index(after: slash)...].prefix { $0 != "?" }
        _ = try? psql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", on: self.url("postgres"))
    }

    /// Runs SQL, or a command of `psql`'s own that begins with a backslash: the outside eye of the tests.
    /// - Returns: its rows, unaligned and without headers, columns separated by `|`.
    /// - Throws: ``Unavailable`` with the server's words.
    @discardableResult
    public func psql(_ sql: String, on url: String) throws(Unavailable) -> String {
        guard sql.hasPrefix("\\") else { return try Self.rows(sql, on: url) }
        return try Self.run("/usr/bin/env", ["psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
    }

    /// The folder of the server's programs: PostgreSQL's newest version, as Debian lays it out.
    private static func programs() -> String? {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap(Int.init).max()
        return newest.map { "\(root)/\($0)/bin" }
    }

    /// Starts a process with no signal blocked: a thread of the cooperative pool blocks nearly all of them, a child
    /// inherits that, and a shell without SIGCHLD waits for ever.
    private static func launch(_ process: Process) throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
    }

    private static func shell(_ script: String) throws(Unavailable) {
        try run("/bin/sh", ["-c", script])
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) throws(Unavailable) -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        do { try launch(process) } catch { throw Unavailable(description: "\(program): \(error)") }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Unavailable(description: text) }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
