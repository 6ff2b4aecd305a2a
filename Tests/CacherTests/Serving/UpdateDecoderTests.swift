import Shared
import TestSupport
import Testing

@testable import Cacher

/// What is published becomes what the API writes.
@Suite("UpdateDecoder")
struct UpdateDecoderTests {
    private func decode(_ channel: String, _ payload: String, prefix: String = "") -> StreamUpdate? {
        var decoder = UpdateDecoder(prefix: prefix)
        return Array(channel.utf8).withUnsafeBytes { channel in
            Array(payload.utf8).withUnsafeBytes { decoder.decode(channel: channel, payload: $0) }
        }
    }

    private let tick = """
        {"coin_id":"bitcoin","name":"Bitcoin","vs_currency":"usd","price":67187.3358936123456,"market_cap_rank":1,\
        "price_change_percentage_24h":-0.5,"timestamp":"2026-11-29T12:00:00Z","source":"test","more":[1]}
        """

    @Test("a tick becomes a price, with every digit as text and without what doesn't change")
    func price() throws {
        let update = try #require(decode("prices:bitcoin:usd", tick))
        #expect(update.kind == .price)
        #expect(update.coin == CoinKey(coinID: "bitcoin", vsCurrency: "usd"))
        let expected = """
            {"coin_id":"bitcoin","vs_currency":"usd","price":"67187.3358936123456","timestamp":"2026-11-29T12:00:00.000Z",\
            "market_cap_rank":1,"price_change_percentage_24h":"-0.5"}
            """
        #expect(String(decoding: update.data, as: UTF8.self) == expected)
    }

    @Test("a trade says its size, id and side as well")
    func trade() throws {
        let parts = #""price":1,"size":0.000000000000000001,"trade_id":"7\"","side":"buy","#
        let payload = #"{"coin_id":"a","vs_currency":"usd",\#(parts)"timestamp":"2026-11-29T12:00:00Z"}"#
        let update = try #require(decode("prices:a:usd", payload))
        let expected = """
            {"coin_id":"a","vs_currency":"usd","price":"1","timestamp":"2026-11-29T12:00:00.000Z",\
            "size":"0.000000000000000001","trade_id":"7\\"","side":"buy"}
            """
        #expect(String(decoding: update.data, as: UTF8.self) == expected)
    }

    @Test("a candle says what was traded, and the 24-hour figure under a name of its own")
    func candle() throws {
        let payload = """
            {"coin_id":"a","vs_currency":"usd","window":"tumbling","window_start":"2026-11-29T12:00:00Z",\
            "window_end":"2026-11-29T12:01:00Z","open":2,"high":4,"low":2,"close":4,"average":3,"sample_count":3,\
            "trade_count":2,"volume":0.75,"quote_volume":2.25,"vwap":3,"total_volume":1e9,"revision":0,"synthetic":false}
            """
        let update = try #require(decode("candles:a:usd:1m", payload))
        let expected = """
            {"coin_id":"a","vs_currency":"usd","interval":"1m","start":"2026-11-29T12:00:00.000Z",\
            "end":"2026-11-29T12:01:00.000Z","open":"2","high":"4","low":"2","close":"4","sample_count":3,"trade_count":2,\
            "volume":"0.75","quote_volume":"2.25","vwap":"3","total_volume_24h":"1000000000","revision":0,\
            "synthetic":false,"partial":false,"closed":true}
            """
        #expect(String(decoding: update.data, as: UTF8.self) == expected)
    }

    @Test("a text that would end an event stays one line")
    func oneLine() throws {
        let payload = tick.replacing("\"bitcoin\"", with: #""a\nb\r\n\ndata: x""#)
        let update = try #require(decode("prices:a:usd", payload))
        #expect(!update.data.contains(UInt8(ascii: "\n")) && !update.data.contains(UInt8(ascii: "\r")))
        #expect(update.coin.coinID == "a\nb\r\n\ndata: x")
    }

    @Test(
        "what is none of the Cacher's is left out",
        arguments: [
            ("prices:bitcoin:usd", "{}"), ("prices:bitcoin:usd", ""), ("candles:bitcoin:usd:1m", "[]"),
            ("alerts:x", "1"),
            ("other:bitcoin:usd", #"{"coin_id":"bitcoin"}"#),
        ]
    )
    func strange(channel: String, payload: String) {
        #expect(decode(channel, payload) == nil)
    }

    @Test("a prefix is taken literally, by the patterns too")
    func prefix() throws {
        #expect(UpdateDecoder(prefix: "a*[b]?").patterns.first == #"a\*\[b\]\?prices:*"#)
        #expect(decode("a*[b]?prices:bitcoin:usd", tick, prefix: "a*[b]?") != nil)
        #expect(decode("axprices:bitcoin:usd", tick, prefix: "a*[b]?") == nil)
        let server = try RedisServer()
        let connection = try RedisConnection(to: #require(RedisURL(server.url)), timeout: .seconds(5))
        try connection.subscribe(to: UpdateDecoder(prefix: "a*[b]?").patterns)
        try server.cli("PUBLISH", "axbyprices:bitcoin:usd", "wrong")
        try server.cli("PUBLISH", "a*[b]?prices:bitcoin:usd", "right")
        var payloads: [String] = []
        while payloads.isEmpty {
            _ = try connection.receive(within: .seconds(5), stop: StopSignal()) { _, payload in
                payloads.append(String(decoding: payload, as: UTF8.self))
            }
        }
        #expect(payloads == ["right"])
    }
}
