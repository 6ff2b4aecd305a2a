import Shared
import TestSupport
import Testing

@testable import Cacher

/// Values and writers for the tests of the cache.
enum CacheFixture {
    static let farFuture = EventTime(microseconds: .max)

    static func writer(
        _ server: RedisServer,
        prefix: String = "",
        timeToLive: Int64 = 86_400_000,
        keptAlerts: Int = 100,
        keptCandles: Int = 100
    ) throws -> CacheWriter {
        let encoder = CacheEncoder(
            keys: CacheKeys(prefix: prefix),
            timeToLiveMilliseconds: timeToLive,
            keptAlerts: keptAlerts,
            keptCandles: keptCandles,
            streamLength: 1_000
        )
        return CacheWriter(url: try #require(RedisURL(server.url)), timeout: .seconds(5), encoder: encoder)
    }

    static func tick(_ coin: String, seconds: Int64, price: Int128, tradeID: String? = nil) -> PriceTick {
        PriceTick(
            coinID: coin,
            symbol: "btc",
            name: "Name with spaces, \"quotes\" and é",
            vsCurrency: "usd",
            price: Price(units: price * Price.unitsPerOne),
            tradeID: tradeID,
            timestamp: EventTime(milliseconds: seconds * 1_000),
            ingestedAt: EventTime(milliseconds: seconds * 1_000 + 5),
            source: "replay"
        )
    }

    static func candle(_ coin: String, minute: Int64, revision: Int, close: Int128) -> PriceAggregate {
        let price = Price(units: close * Price.unitsPerOne)
        return PriceAggregate(
            coinID: coin,
            vsCurrency: "usd",
            window: .tumbling,
            windowStart: EventTime(milliseconds: minute * 60_000),
            windowEnd: EventTime(milliseconds: (minute + 1) * 60_000),
            open: price,
            high: price,
            low: price,
            close: price,
            average: price,
            sampleCount: 1,
            revision: revision
        )
    }

    static func alert(_ coin: String, seconds: Int64) -> PriceAlert {
        PriceAlert(
            alertID: "rule:\(coin):usd:\(seconds)",
            ruleID: "rule",
            coinID: coin,
            vsCurrency: "usd",
            kind: .above,
            threshold: .zero,
            value: .zero,
            price: .zero,
            triggeredAt: EventTime(milliseconds: seconds * 1_000)
        )
    }

    static func json(_ tick: PriceTick) -> String {
        var writer = JSONWriter()
        tick.write(to: &writer)
        return writer.text
    }

    static func json(_ alert: PriceAlert) -> String {
        var writer = JSONWriter()
        alert.write(to: &writer)
        return writer.text
    }
}

extension RedisServer {
    /// A hash as redis-cli shows it; fields and values must not hold line ends.
    func hash(_ key: String) throws -> [String: String] {
        let lines = try cli("HGETALL", key).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var result: [String: String] = [:]
        for index in stride(from: 0, to: lines.count - 1, by: 2) { result[lines[index]] = lines[index + 1] }
        return result
    }
}

extension CacheBatch {
    /// A tick as its record would bring it.
    @discardableResult
    mutating func add(
        _ tick: PriceTick,
        offset: Int64,
        latest: EventTime,
        now: EventTime? = nil,
        isSilent: Bool = false
    ) -> String? {
        var json = JSONWriter()
        tick.write(to: &json)
        do {
            let scanned = try ScannedTick(json: json.bytes)
            return add(scanned, of: json.bytes, offset: offset, latest: latest, now: now, isSilent: isSilent)
        } catch {
            return "\(error)"
        }
    }

    /// A candle as its record would bring it.
    @discardableResult
    mutating func add(_ candle: PriceAggregate, latest: EventTime, isSilent: Bool = false) -> String? {
        var json = JSONWriter()
        candle.write(to: &json)
        return add(candle, of: json.bytes, latest: latest, isSilent: isSilent)
    }

    /// An alert as its record would bring it.
    @discardableResult
    mutating func add(_ alert: PriceAlert, latest: EventTime, isSilent: Bool = false) -> String? {
        var json = JSONWriter()
        alert.write(to: &json)
        return add(alert, of: json.bytes, latest: latest, isSilent: isSilent)
    }
}
