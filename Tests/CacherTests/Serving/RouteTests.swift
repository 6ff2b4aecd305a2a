import Shared
import Testing

@testable import Cacher

/// What requests ask for.
@Suite("Route")
struct RouteTests {
    private func route(_ target: String, lastEventID: String? = nil) throws -> Route {
        try Route(target: target, lastEventID: lastEventID)
    }

    @Test("a page without parameters has its defaults")
    func defaults() throws {
        let usd = ByteText("usd")
        #expect(try route("/v1/prices") == .api(.prices(vs: usd, sort: .rank, limit: 100)))
        #expect(try route("/v1/prices?") == .api(.prices(vs: usd, sort: .rank, limit: 100)))
        #expect(try route("/v1/movers") == .api(.movers(vs: usd, limit: 10)))
        #expect(try route("/v1/alerts") == .api(.alerts(coins: nil, limit: 100)))
        #expect(try route("/v1/status") == .api(.status))
        #expect(try route("/") == .file(.page))
        #expect(try route("/openapi.json") == .file(.description))
        let bitcoin = CoinKey(coinID: "bitcoin", vsCurrency: "usd")
        #expect(try route("/v1/prices/bitcoin") == .api(.price(bitcoin)))
        let query = CandleQuery(coin: bitcoin, interval: .minute, from: nil, until: nil, limit: 500)
        #expect(try route("/v1/candles/bitcoin") == .api(.candles(query)))
    }

    @Test("parameters are percent-decoded, and times are RFC 3339 or milliseconds")
    func parameters() throws {
        let query = CandleQuery(
            coin: CoinKey(coinID: "a:b/c", vsCurrency: "eur"),
            interval: .hour,
            from: EventTime(milliseconds: 1_000),
            until: EventTime("2026-11-29T12:00:00+01:00"),
            limit: 7
        )
        let target = "/v1/candles/a%3ab%2Fc?vs=e%75r&interval=1h&from=1000&to=2026-11-29T12:00:00+01:00&limit=7"
        #expect(try route(target) == .api(.candles(query)))
        let coins: Set = [ByteText("bitcoin"), ByteText("ethereum")]
        #expect(
            try route("/v1/sparklines?coins=bitcoin,ethereum") == .api(.sparklines(vs: ByteText("usd"), coins: coins))
        )
    }

    @Test("a target may have the origin in front, as for a proxy", arguments: ["http://a", "https://a:1"])
    func absolute(origin: String) throws {
        #expect(try route("\(origin)/v1/status") == .api(.status))
        #expect(try route("\(origin)/?") == .file(.page))
        #expect(try route(origin) == .file(.page))
    }

    @Test(
        "a parameter that isn't allowed is named",
        arguments: [
            ("/v1/prices?limit=0", "limit must be a whole number from 1 to 1000"),
            ("/v1/prices?limit=1001", "limit must be a whole number from 1 to 1000"),
            ("/v1/prices?limit=+1", "limit must be a whole number from 1 to 1000"),
            ("/v1/prices?limit=99999999999999999999", "limit must be a whole number from 1 to 1000"),
            ("/v1/prices?sort=name", "sort must be one of rank, change, volume"),
            ("/v1/prices?lmit=3", "there is no parameter 'lmit'"),
            ("/v1/prices?limit=1&limit=2", "'limit' is given twice"),
            ("/v1/prices?vs=%zz", "the query is not percent-encoded UTF-8"),
            ("/v1/prices?vs=%ff", "the query is not percent-encoded UTF-8"),
            ("/v1/prices?vs=%00", "vs must have at most 64 bytes"),
            ("/v1/prices/%ff", "the coin's id is not percent-encoded UTF-8"),
            ("/v1/prices/", "a coin's id must have 1 to 256 bytes"),
            ("/v1/candles/bitcoin?interval=2m", "interval must be one of 1m, 5m, 15m, 1h"),
            (
                "/v1/candles/bitcoin?from=now",
                "from must be a time such as 2026-11-29T12:00:00Z, or milliseconds since 1970"
            ),
            (
                "/v1/candles/bitcoin?from=9223372036854775807",
                "from must be a time such as 2026-11-29T12:00:00Z, or milliseconds since 1970"
            ),
            ("/v1/candles/bitcoin?from=2&to=2", "from must be before to"),
            ("/v1/prices?vs=", "vs is empty"),
            ("/v1/prices?limit", "limit is empty"),
            ("/v1/sparklines", "coins is missing: the coins to draw"),
            ("/v1/alerts?coins=,", "coins must name 1 to 100 coins, with commas between them"),
            ("/v1/stream?kinds=price,trade", "kinds must be one of price, candle, alert"),
            ("/v1/stream?kinds=,", "kinds names nothing"),
        ]
    )
    func faults(target: String, detail: String) {
        #expect(throws: Problem(400, detail)) { try route(target) }
    }

    @Test(
        "what there isn't is 404",
        arguments: ["/v1", "/v1/", "/v2/prices", "/v1/candles", "/v1/prices/a/b", "", "*", "/index.html"]
    )
    func missing(target: String) {
        let problem = #expect(throws: Problem.self) { try route(target) }
        #expect(problem?.status == 404)
    }

    @Test("a stream goes on after the event that the header or the parameter names")
    func lastEvent() throws {
        let id = StreamID(run: 0xABC, number: 42)
        #expect(id.description == "abc-42")
        for route in [try route("/v1/stream", lastEventID: "abc-42"), try route("/v1/stream?last_event_id=abc-42")] {
            guard case .stream(let query) = route else {
                Issue.record("no stream")
                continue
            }
            #expect(query.lastEventID == id)
            #expect(query.filter == StreamFilter(vs: ByteText("usd"), coins: nil, kinds: Set(StreamKind.allCases)))
        }
        guard case .stream(let query) = try route("/v1/stream", lastEventID: "soon") else {
            Issue.record("no stream")
            return
        }
        #expect(query.lastEventID == nil && query.hasUnknownID)
    }
}
