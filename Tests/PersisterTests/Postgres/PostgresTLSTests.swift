import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("PostgreSQL over TLS, with certificates of its own", .ownThread)
struct PostgresTLSTests {
    private func url(_ server: PostgresServer, host: String, authority: String) throws -> PostgresURL {
        let text =
            "postgresql://tickline:tickline@\(host):\(server.port)/postgres?hostaddr=127.0.0.1&sslmode=verify-full"
            + "&sslrootcert=\(authority)"
        return try #require(PostgresURL(text))
    }

    @Test("verify-full takes a certificate of our authority for the host, and refuses every other with the reason")
    func verified() throws {
        let right = try TestCertificates(names: ["db.test"], addresses: ["127.0.0.2"])
        let server = try PostgresServer(certificates: right)
        let connection = try PostgresConnection(url(server, host: "db.test", authority: right.authority))
        #expect(try connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [["t"]])
        func refusal(host: String, authority: String) throws -> String {
            let url = try url(server, host: host, authority: authority)
            let error = try #require(throws: PostgresError.self) { _ = try PostgresConnection(url) }
            #expect(error.disposition == .retry && !error.message.contains("is it running"), "\(error)")
            return error.message
        }
        let others = try TestCertificates()
        let strangers = try refusal(host: "db.test", authority: others.authority)
        #expect(strangers.contains("certificate verify failed") && strangers.contains("sslrootcert"), "\(strangers)")
        let name = try refusal(host: "127.0.0.1", authority: right.authority)
        #expect(name.contains("\"db.test\"") && name.contains("does not match host name \"127.0.0.1\""), "\(name)")
        let missing = try refusal(host: "db.test", authority: "/nowhere.pem")
        #expect(missing.contains("/nowhere.pem"), "\(missing)")
        let old = try TestCertificates(names: ["db.test"], days: -1)
        server.stop()
        try server.use(old)
        try server.start()
        let expired = try refusal(host: "db.test", authority: old.authority)
        #expect(expired.contains("certificate verify failed") && expired.contains("out of date"), "\(expired)")
    }

    @Test("verify-full to a server without TLS is refused")
    func plain() throws {
        let server = try PostgresServer.shared.get()
        let certificates = try TestCertificates()
        let url = try url(server, host: "localhost", authority: certificates.authority)
        let error = try #require(throws: PostgresError.self) { _ = try PostgresConnection(url) }
        #expect(error.message.contains("server does not support SSL"), "\(error)")
    }

    @Test("the Persister writes over TLS what comes over TLS, its password from a file")
    func service() throws {
        let certificates = try TestCertificates()
        let server = try PostgresServer(certificates: certificates)
        let stage = try Stage(on: server, certificates: certificates)
        let file = FileManager.default.temporaryDirectory.appending(path: "tickline-word-\(UUID().uuidString)").path
        try "tickline\n".write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try stage.ticks(0..<100)
        let place = stage.database.text.replacingOccurrences(of: "tickline:tickline@", with: "tickline@")
        let url = "\(place)?sslmode=verify-full&sslrootcert=\(certificates.authority)"
        let service = try stage.start(["POSTGRES_URL": url, "POSTGRES_PASSWORD_FILE": file])
        try stage.wait(for: try stage.expected(0..<100), from: Stage.checksum, by: service)
        let over =
            "SELECT count(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tickline-persister'"
        #expect(try stage.database.psql(over) == "t")
        #expect(service.terminate() == 0)
    }

    @Test("POSTGRES_PASSWORD is taken as it is, and not beside a password in POSTGRES_URL")
    func password() throws {
        func read(_ variables: [String: String]) throws(SettingsError) -> PostgresURL {
            try PostgresSettings.read(SettingsReader(environment: variables))
        }
        #expect(try read(["POSTGRES_PASSWORD": "a/b@c"]).password == "a/b@c")
        #expect(try read(["POSTGRES_PASSWORD": "a", "POSTGRES_URL": "postgresql://ann@h/db"]).password == "a")
        for url in ["postgresql://ann:s3cret@h/db", "postgresql://ann@h/db?password=s3cret"] {
            let both = try #require(throws: SettingsError.self) {
                _ = try read(["POSTGRES_PASSWORD": "a", "POSTGRES_URL": url])
            }
            #expect(both.description == "POSTGRES_PASSWORD and the password in POSTGRES_URL are both set")
        }
    }
}
