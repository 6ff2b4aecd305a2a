import Foundation
import Shared
import TestSupport
import Testing

@testable import Cacher

@Suite("The settings of the connection to Redis", .ownThread)
struct RedisSettingsTests {
    private func problem(_ variables: [String: String]) throws -> String {
        let reader = SettingsReader(environment: variables)
        return try #require(throws: SettingsError.self) { try RedisSettings.read(reader) }.description
    }

    @Test("they complete the address")
    func completes() throws {
        let certificates = try TestCertificates()
        let url = try RedisSettings.read(
            SettingsReader(environment: [
                "REDIS_URL": "rediss-sentinel://ann@a,b:2/tickline/4", "REDIS_PASSWORD": "p@ss:/ w0rd",
                "REDIS_TLS_CA_FILE": certificates.authority, "REDIS_TLS_CERTIFICATE_FILE": certificates.certificate,
                "REDIS_TLS_KEY_FILE": certificates.key, "REDIS_TLS_SERVER_NAME": "redis.test",
                "REDIS_SENTINEL_USER": "bob", "REDIS_SENTINEL_PASSWORD": "w4tch",
            ])
        )
        let place = RedisURL.Place.sentinels(
            [RedisEndpoint(host: "a", port: 26_379), RedisEndpoint(host: "b", port: 2)],
            service: "tickline"
        )
        let tls = RedisTLS(
            authorities: certificates.authority,
            certificate: certificates.certificate,
            key: certificates.key,
            serverName: "redis.test"
        )
        var expected = RedisURL(place, tls: tls, user: "ann", password: "p@ss:/ w0rd", database: 4)
        (expected.sentinelUser, expected.sentinelPassword) = ("bob", "w4tch")
        #expect(url == expected)
        #expect("\(url)" == "rediss-sentinel://a:26379,b:2/tickline/4")
    }

    @Test(
        "what contradicts, or lacks its other half, is refused by its name",
        arguments: [
            (["REDIS_URL": "redis://:one@h", "REDIS_PASSWORD": "tw0"], "REDIS_PASSWORD and the password in REDIS_URL"),
            (["REDIS_URL": "redis://ann@h"], "REDIS_URL has a user and no password"),
            (["REDIS_SENTINEL_USER": "ann"], "REDIS_SENTINEL_USER needs REDIS_SENTINEL_PASSWORD"),
            (["REDIS_TLS_SERVER_NAME": "h"], "REDIS_TLS_SERVER_NAME needs rediss://"),
            (["REDIS_TLS_CA_FILE": "/etc/hosts"], "REDIS_TLS_CA_FILE needs rediss://"),
            (["REDIS_URL": "rediss://h", "REDIS_TLS_CERTIFICATE_FILE": "/etc/hosts"], "needs REDIS_TLS_KEY_FILE"),
            (["REDIS_URL": "rediss://h", "REDIS_TLS_KEY_FILE": "/etc/hosts"], "needs REDIS_TLS_CERTIFICATE_FILE"),
            (["REDIS_URL": "rediss://h", "REDIS_TLS_CA_FILE": "/etc/hosts"], "/etc/hosts, which can't be used"),
            (["REDIS_URL": "rediss://h", "REDIS_TLS_CA_FILE": "/nowhere"], "a PEM file that can be read"),
        ]
    )
    func refuses(variables: [String: String], reason: String) throws {
        let text = try problem(variables)
        #expect(text.contains(reason), "\(text)")
        #expect(!text.contains("tw0") && !text.contains("one@"), "\(text)")
    }

    @Test("a key with a password is refused rather than asked for")
    func lockedKey() throws {
        let certificates = try TestCertificates()
        let locked = certificates.key + ".locked"
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = ["openssl", "ec", "-in", certificates.key, "-aes256", "-passout", "pass:x", "-out", locked]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        let text = try problem([
            "REDIS_URL": "rediss://h", "REDIS_TLS_CERTIFICATE_FILE": certificates.certificate,
            "REDIS_TLS_KEY_FILE": locked,
        ])
        #expect(text.contains("REDIS_TLS_KEY_FILE names \(locked), which can't be used"), "\(text)")
    }

    @Test("no secret stands in --check-config, an error or a log, wherever it came from")
    func hides() throws {
        let redis = try RedisServer(password: "s3cret-A")
        let folder = FileManager.default.temporaryDirectory.appending(path: "tickline-words-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String, _ text: String) throws -> String {
            let path = folder.appending(path: name).path
            try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        let inURL = ["REDIS_URL": "redis://ann:s3cret-B@127.0.0.1:\(redis.port)"]
        let beside = ["REDIS_URL": "redis://ann@127.0.0.1:\(redis.port)", "REDIS_PASSWORD": "s3cret-C"]
        let files = [
            "REDIS_URL_FILE": try file("url", "redis://ann@127.0.0.1:\(redis.port)"),
            "REDIS_PASSWORD_FILE": try file("word", "s3cret-D"),
            "REDIS_SENTINEL_PASSWORD_FILE": try file("sentinel", "s3cret-E"),
        ]
        let broken = ["REDIS_URL": "redis://:s3cret-F@h:0"]
        for (variables, code) in [(inURL, 0), (beside, 0), (files, 0), (broken, 78)] {
            for command in [["--check-config"], ["serve", "--check-config"]] {
                let run = try ServiceProcess.run("cacher", command, environment: variables)
                #expect(run.code == code, "\(run.output)")
                #expect(!run.output.contains("s3cret"), "\(run.output)")
            }
        }
        // Redis refuses each of the logins.
        for variables in [inURL, beside, files] {
            let run = try ServiceProcess.run(
                "cacher",
                ["serve"],
                environment: variables.merging([
                    "CACHER_HTTP_PORT": "0", "CACHER_HTTP_HOST": "127.0.0.1", "LOG_LEVEL": "trace",
                ]) { $1 }
            )
            #expect(run.code == 1 && run.output.contains("REDIS_URL"), "\(run.output)")
            #expect(!run.output.contains("s3cret"), "\(run.output)")
        }
    }
}
