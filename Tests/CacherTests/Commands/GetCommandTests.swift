import Foundation
import Shared
import TestSupport
import Testing

@testable import Cacher

@Suite("cacher get, as a process beside a running stack", .ownThread)
struct GetCommandTests {
    private let redis: RedisServer
    /// Taken literally, as a part of a pattern too.
    private let prefix = "a*[b]?:"

    init() throws {
        redis = try RedisServer()
    }

    private func get(_ arguments: String..., prefix: String? = nil) throws -> (code: Int32, output: String) {
        try ServiceProcess.run(
            "cacher",
            ["get"] + arguments,
            environment: ["REDIS_URL": redis.url, "CACHER_KEY_PREFIX": prefix ?? self.prefix]
        )
    }

    /// Fills Redis as a stack does, with the Cacher.
    private func fill(_ ticks: [PriceTick]) async throws {
        let broker = try TestBroker()
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        func send(_ topic: Topic, _ value: String) throws {
            let destination = try producer.topic(broker.name(topic.rawValue))
            try producer.send(to: destination, key: "bitcoin", value: Array(value.utf8))
        }
        let raw = try producer.topic(broker.name(Topic.raw.rawValue))
        for tick in ticks { try producer.send(to: raw, key: tick.coinID, value: Array(CacheFixture.json(tick).utf8)) }
        for minute: Int64 in 1...3 {
            var json = JSONWriter()
            CacheFixture.candle("bitcoin", minute: minute, revision: 0, close: 7).write(to: &json)
            try send(.aggregates1m, json.text)
        }
        try send(.alerts, CacheFixture.json(CacheFixture.alert("bitcoin", seconds: 5)))
        try producer.flush(timeout: .seconds(20))
        let cacher = try RunningCacher(
            broker,
            redis,
            environment: ["CACHER_KEY_PREFIX": prefix, "CACHER_TTL": "0s"]
        )
        let reader = CoinReader(
            connection: try RedisConnection(to: #require(RedisURL(redis.url)), timeout: .seconds(5)),
            keys: CacheKeys(prefix: prefix)
        )
        for tick in ticks {
            try await eventually("\(tick.coinID) is in Redis") { try reader.facts(of: tick.coinID, history: 0) != nil }
        }
        try await eventually("candles and alert are there") {
            let facts = try reader.facts(of: "bitcoin", history: 0)
            return facts?.alert != nil && facts?.candles.contains { $0.history?.count == 3 } == true
        }
        try await cacher.finish()
    }

    private func tick(_ coin: String, _ price: Int128, in currency: String = "usd") -> PriceTick {
        var tick = CacheFixture.tick(coin, seconds: 10, price: price)
        tick.vsCurrency = currency
        tick.name = "Bitcoin\u{1B}[2J"
        return tick
    }

    @Test("everything of a coin, as text and as JSON; a neighbour's keys are not its own")
    func shows() async throws {
        try await fill([
            tick("bitcoin", 4), tick("bitcoin", 3, in: "eur"), tick("bitcoin:x", 5), tick("bitcoin*", 6),
            tick("b%tcoin", 7),
        ])
        let open =
            #"{"t":1795348800000,"o":"5","h":"6","l":"4","c":"4.5","n":3,"open":true,"first":1795348800000000,"last":1795348800000001,"offset":1}"#
        try redis.cli("SET", "\(prefix)open:bitcoin:usd:1m", open)
        let text = try get("bitcoin", "--history", "1")
        #expect(text.code == 0, "\(text.output)")
        for part in [
            "usd  4  at 1970-01-01T00:00:10.000Z", "eur  3  at", "(btc)", "candle 1m usd", "close 7",
            "open since 2026-11-22T12:00:00.000Z  open 5  high 6  low 4  close 4.5", "history of 3",
            "latest alert  1970-01-01T00:00:05.000Z", "rule: above 0",
        ] {
            #expect(text.output.contains(part), "\(part) in \(text.output)")
        }
        #expect(!text.output.contains("\u{1B}"), "nothing that a terminal obeys")
        #expect(!text.output.contains("usd  5") && !text.output.contains("usd  6"), "\(text.output)")

        let run = try get("bitcoin", "--json", "--history", "2")
        #expect(run.code == 0 && run.output.hasSuffix("}\n") && run.output.filter { $0 == "\n" }.count == 1)
        let object = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(object["coin_id"] as? String == "bitcoin")
        let prices = try #require(object["prices"] as? [[String: String]])
        #expect(prices.map { $0["vs_currency"] } == ["eur", "usd"] && prices.map { $0["price"] } == ["3", "4"])
        let candles = try #require(object["candles"] as? [[String: Any]])
        let minute = try #require(candles.first { $0["window"] as? String == "1m" })
        #expect((minute["latest"] as? [String: String])?["close"] == "7")
        #expect((minute["open"] as? [String: Any])?["c"] as? String == "4.5")
        let history = try #require(minute["history"] as? [String: Any])
        #expect(history["count"] as? Int == 3 && (history["entries"] as? [[String: Any]])?.count == 2)
        #expect(history["from"] as? String == "1970-01-01T00:01:00.000Z")
        #expect((object["latest_alert"] as? [String: String])?["rule_id"] == "rule")

        for (coin, price) in [("bitcoin:x", "5"), ("bitcoin*", "6"), ("b%tcoin", "7")] {
            let run = try get(coin)
            #expect(run.code == 0 && run.output.contains("usd  \(price)  at"), "\(run.output)")
        }
        for (wanted, near) in [
            ("bitcon", "bitcoin (btc)"), ("BTC", "bitcoin (btc)"), ("nothing-like-it", "the 4 coins"),
        ] {
            let run = try get(wanted)
            #expect(run.code == 1 && run.output.contains("no coin \(wanted) in redis://127.0.0.1"), "\(run.output)")
            #expect(run.output.contains(near), "\(run.output)")
        }
        let elsewhere = try get("bitcoin", prefix: "other:")
        #expect(elsewhere.code == 1 && elsewhere.output.contains("is CACHER_KEY_PREFIX right?"), "\(elsewhere.output)")
    }

    @Test("keys of another type in the way cost what belongs there, no more")
    func strangeKeys() throws {
        for key in ["price:a:usd", "candle:a:usd:1m", "candles:a:usd:1m", "alerts", "coins:usd"] {
            try redis.cli("SET", key, "x")
        }
        try redis.cli("HSET", "price:a:eur", "price", "1.5")
        let run = try get("a", "--json", prefix: "")
        #expect(run.code == 0 && run.output.contains(#"{"vs_currency":"eur","price":"1.5"}"#), "\(run.output)")
        #expect(try get("b", prefix: "").code == 1)
    }

    @Test("without Redis it says where it looked, and a setting that isn't allowed has its exit code")
    func fails() throws {
        let port = try LoopbackSocket.freePort()
        for command in [["get", "bitcoin"], ["tail"], ["tail", "bitcoin", "--json"]] {
            func run(_ url: String) throws -> (code: Int32, output: String) {
                try ServiceProcess.run("cacher", command, environment: ["REDIS_URL": url])
            }
            let away = try run("redis://:s3cret@127.0.0.1:\(port)/2")
            #expect(away.code == 1 && away.output.contains("looked in redis://127.0.0.1:\(port)/2"), "\(away.output)")
            #expect(away.output.contains("Connection refused") && !away.output.contains("s3cret"), "\(away.output)")
            let wrong = try run("http://s3cret")
            #expect(wrong.code == 78 && wrong.output.contains("REDIS_URL is"), "\(wrong.output)")
            #expect(!wrong.output.contains("s3cret"))
        }
        #expect(try get().code == 64)
        #expect(try get("bitcoin", "--history", "-1").code == 64)
    }
}
