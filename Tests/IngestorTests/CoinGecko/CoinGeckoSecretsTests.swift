import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

/// Servers and gateways that repeat what they were asked.
@Suite("CoinGecko's secrets", .timeLimit(.minutes(2)))
struct CoinGeckoSecretsTests {
    typealias Answer = HTTPFixtureServer.Answer

    private static let key = "CG-s3cr3t+key/0123456789"
    private static let longer = String(repeating: "x", count: 140)

    @Test(
        "a key that a server repeats stands in no error and not on /readyz",
        arguments: [
            Answer(400, #"{"error":"Invalid key CG-s3cr3t+key/0123456789"}"#),
            Answer(401, #"{"status":{"error_code":10002,"error_message":"CG-s3cr3t\u002bkey\/0123456789 is no key"}}"#),
            Answer(403, "<html>x-cg-demo-api-key: CG-s3cr3t+key/0123456789</html>"),
            Answer(502, "<html>\(longer) CG-s3cr3t+key/0123456789</html>"),
            Answer(500, #"{"error":"\#(longer)\#(longer) CG-s3cr3t+key/0123456789"}"#),
            Answer(302, headers: ["Location": "https://elsewhere.example/?token=CG-s3cr3t+key/0123456789"]),
            Answer(302, headers: ["Location": "/login?next=CG-s3cr3t%2Bkey%2F0123456789"]),
            Answer(302, headers: ["Location": "https://CG-s3cr3t%2bkey%2f0123456789@elsewhere.example/"]),
            Answer(400, "cg-S3CR3T+KEY/0123456789"),
        ]
    )
    func echo(answer: Answer) async throws {
        for first in [answer, CoinGeckoRun.page()] {
            let run = try await CoinGeckoRun.poll(requests: 2, environment: ["COINGECKO_API_KEY": Self.key]) {
                _,
                number in
                number == 0 ? first : answer
            }
            let said = "\(run.failure ?? "") \(run.states)"
            #expect(said.contains("HTTP \(answer.status)"), "\(said)")
            #expect(!said.lowercased().contains("s3cr3t"), "\(said)")
        }
    }

    @Test("user and password of the URL stay unsaid when a gateway repeats them, plain or as Authorization")
    func gateway() async throws {
        let basic = Data("me:hush/hush".utf8).base64EncodedString()
        for body in [
            "Authorization: Basic \(basic)", "me:hush/hush", "password hush/hush", "hush%2Fhush", "hush%2fhush",
        ] {
            try await HTTPFixtureServer.run { _, number in
                number == 1 ? Answer(302, headers: ["Location": "http://me:hush%2Fhush@gateway/"]) : Answer(502, body)
            } _: { server in
                let url = "http://me:hush%2Fhush@127.0.0.1:\(server.port)"
                let settings = try CoinGeckoSettings(SettingsReader(environment: ["COINGECKO_BASE_URL": url]))
                let run = try await onOwnThread {
                    try CoinGeckoRun.run(settings, requests: 2, until: .seconds(3_600))
                }
                #expect(server.requests.first?.headers["authorization"] == "Basic \(basic)")
                let said = "\(run.failure ?? "") \(run.states)"
                #expect(said.contains("HTTP 502") && said.contains("HTTP 302"), "\(said)")
                #expect(!said.contains("hush") && !said.contains(basic), "\(said)")
            }
        }
    }

    @Test(
        "a password that should have been escaped stays unsaid when no server is there",
        arguments: ["http://me:hu/sh@127.0.0.1:1", "http://me:hu@sh@127.0.0.1:1", "http://me:hush@127.0.0.1:port"]
    )
    func unescaped(url: String) async throws {
        let settings = try CoinGeckoSettings(SettingsReader(environment: ["COINGECKO_BASE_URL": url]))
        let run = try await onOwnThread {
            try CoinGeckoRun.run(settings, requests: 1, until: .seconds(3_600))
        }
        let said = "\(run.failure ?? "") \(run.states)"
        #expect(said.contains("no answer from"))
        #expect(!said.contains("hu/sh") && !said.contains("hu@sh") && !said.contains("hush"), "\(said)")
    }
}
