import Foundation
import TestSupport

extension PostgresServer {
    /// The server of `POSTGRES_URL`, or one of the benchmark's own, which, unlike those of the tests, does write to the disk.
    static func durable() throws -> PostgresServer {
        if ProcessInfo.processInfo.environment["POSTGRES_URL"]?.isEmpty == false, let named = all.last { return named }
        return try PostgresServer(options: ["fsync=on", "shared_buffers=256MB", "max_wal_size=4GB"])
    }
}
