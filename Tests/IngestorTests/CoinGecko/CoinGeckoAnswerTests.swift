import Shared
import Testing

@testable import Ingestor

@Suite("CoinGecko's answers")
struct CoinGeckoAnswerTests {
    private func answer(_ status: Int, _ body: String, _ headers: [String: String] = [:]) throws -> PollAnswer {
        let response = HTTPResponse(status: status, body: Array(body.utf8), headers: headers)
        let environment = ["COINGECKO_API_KEY": "CG-secret", "COINGECKO_BASE_URL": "https://me:hush@gateway/"]
        let settings = try CoinGeckoSettings(SettingsReader(environment: environment))
        let vendor = CoinGecko(settings: settings, coins: .largest(250), vsCurrencies: ["usd"])
        return PollAnswer(
            response,
            to: try #require(vendor.requests.first),
            of: vendor,
            at: EventTime(microseconds: 0)
        )
    }

    private func failure(_ status: Int, _ body: String, _ headers: [String: String] = [:]) throws -> PriceFailure? {
        guard case .failure(let failure) = try answer(status, body, headers) else { return nil }
        return failure
    }

    /// A row of the table below.
    struct Case: Sendable, CustomTestStringConvertible {
        var status: Int
        var body: String
        var kind: PriceFailure.Kind
        var code: Int?
        var message: String
        var testDescription: String { "\(status) \(body)" }

        init(_ status: Int, _ body: String, _ kind: PriceFailure.Kind, _ code: Int?, _ message: String) {
            self.status = status
            self.body = body
            self.kind = kind
            self.code = code
            self.message = message
        }
    }

    private static let limit = "You've exceeded the Rate Limit."

    @Test(
        "every shape of an error is understood",
        arguments: [
            Case(429, #"{"status":{"error_code":429,"error_message":"\#(limit)"}}"#, .rateLimited, 429, limit),
            Case(200, #"{"status":{"error_code":429,"error_message":"\#(limit)"}}"#, .rateLimited, 429, limit),
            Case(429, "Throttled", .rateLimited, nil, "Throttled"),
            Case(404, #"{"error":"coin not found"}"#, .refused, nil, "coin not found"),
            Case(422, #"{"error":"Missing parameter vs_currency"}"#, .refused, nil, "Missing parameter vs_currency"),
            Case(
                401,
                #"{"error":{"status":{"timestamp":"x","error_code":10012,"error_message":"too old"}}}"#,
                .historyLimited,
                10_012,
                "too old"
            ),
            Case(
                401,
                #"{"status":{"error_code":10002,"error_message":"API Key Missing"}}"#,
                .keyRejected,
                10_002,
                "API Key Missing"
            ),
            Case(
                400,
                #"{"error_code":10010,"status":{"error_message":"If you are using Pro API key …"}}"#,
                .keyRejected,
                10_010,
                "If you are using Pro API key …"
            ),
            Case(
                400,
                #"{"error_code":10011,"status":{"error_message":"If you are using Demo API key …"}}"#,
                .keyRejected,
                10_011,
                "If you are using Demo API key …"
            ),
            Case(403, #"{"status":{"error_code":10005,"error_message":"plan"}}"#, .keyRejected, 10_005, "plan"),
            Case(401, "<html>Unauthorized</html>", .keyRejected, nil, "<html>Unauthorized</html>"),
            Case(
                403,
                "<!DOCTYPE html><title>Attention</title>",
                .blocked,
                nil,
                "<!DOCTYPE html><title>Attention</title>"
            ),
            Case(
                403,
                #"{"status":{"error_code":1020,"error_message":"Access denied"}}"#,
                .blocked,
                1_020,
                "Access denied"
            ),
            Case(500, "", .unavailable, nil, "no body"),
            Case(502, "<html>Bad gateway</html>", .unavailable, nil, "<html>Bad gateway</html>"),
            Case(408, "{}", .unavailable, nil, "{}"),
            Case(200, "{}", .unavailable, nil, "{}"),
            Case(200, "", .unavailable, nil, "no body"),
            Case(200, "<html>Just a moment...</html>", .unavailable, nil, "<html>Just a moment...</html>"),
            Case(200, "{\"broken\":", .unavailable, nil, "{\"broken\":"),
            Case(200, "[{\"id\":", .unavailable, nil, "not a page: the JSON ends too early, at byte 7"),
            Case(204, "", .unavailable, nil, "no body"),
        ]
    )
    func shapes(expected: Case) throws {
        let failure = try failure(expected.status, expected.body)
        #expect(failure?.kind == expected.kind)
        #expect(failure?.code == expected.code)
        #expect(failure?.message == expected.message)
        #expect(failure?.status == expected.status)
    }

    @Test("a page is one only under status 200")
    func page() throws {
        guard case .page(let page) = try answer(200, "\n [\(MarketsFixtures.full)]") else {
            Issue.record("not a page")
            return
        }
        #expect(page.rows.count == 1)
        #expect(try failure(500, "[]")?.kind == .unavailable)
        guard case .notModified = try answer(304, "") else {
            Issue.record("304 is not understood")
            return
        }
    }

    @Test("Retry-After comes along, capped")
    func retryAfter() throws {
        #expect(try failure(429, "", ["retry-after": "60"])?.retryAfter == .seconds(60))
        #expect(try failure(503, "", ["retry-after": "100000"])?.retryAfter == .seconds(600))
        #expect(try failure(429, "")?.retryAfter == nil)
    }

    @Test("a redirect says where to")
    func redirect() throws {
        let failure = try failure(301, "", ["location": "https://example.org/"])
        #expect(failure?.kind == .refused)
        #expect(failure?.message == "redirected to https://example.org/")
        let place = "https://me:other@example.org/?token=1&a=CG-secret\u{1B}[31m" + String(repeating: "x", count: 999)
        let long = try self.failure(301, "", ["location": place])?.message ?? ""
        #expect(long.hasPrefix("redirected to https://***@example.org/?token=***&a=*** [31mxxx"), "\(long)")
        #expect(long.count < 200)
    }

    @Test("what an error says is one line of bounded length, without the key")
    func message() throws {
        let text = #"no\nkey "CG-secret"\u001b[2J "# + String(repeating: "y", count: 5_000)
        let json = text.replacing("\"", with: "\\\"")
        let message = try failure(400, #"{"error":"\#(json)"}"#)?.message ?? ""
        #expect(message.hasPrefix(#"no key "***" [2J yyy"#), "\(message)")
        #expect(message.count <= 161)
    }

    @Test("a wrong pairing of key and host says which setting is wrong")
    func advice() throws {
        let pro = try #require(try failure(400, #"{"error_code":10010,"status":{"error_message":"x"}}"#))
        #expect(pro.description.contains("COINGECKO_PLAN=pro"))
        let demo = try #require(try failure(400, #"{"error_code":10011,"status":{"error_message":"x"}}"#))
        #expect(demo.description.contains("COINGECKO_PLAN=demo"))
        let missing = try #require(try failure(401, #"{"status":{"error_code":10002,"error_message":"x"}}"#))
        #expect(missing.description.contains("COINGECKO_API_KEY"))
        #expect([pro, demo, missing].allSatisfy { $0.disposition == .fatal })
    }
}
