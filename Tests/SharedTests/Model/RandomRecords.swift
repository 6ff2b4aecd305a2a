import Shared
import TestSupport

/// Random model values, and random records as somebody else might write them.
extension SplitMix64 {
    mutating func tick() -> PriceTick {
        PriceTick(
            coinID: identifier(),
            symbol: text(),
            name: text(),
            vsCurrency: "u" + text(12),
            price: tickPrice(),
            size: optional { $0.tickPrice() },
            tradeID: optional { "t" + $0.text(60) },
            side: optional { $0.pick(TradeSide.allCases) },
            marketCap: optional { $0.price() },
            marketCapRank: optional { Int(Int32(truncatingIfNeeded: $0.next())) },
            totalVolume: optional { $0.price() },
            high24h: optional { $0.price() },
            low24h: optional { $0.price() },
            priceChangePercentage24h: optional { $0.price() },
            timestamp: eventTime(),
            ingestedAt: eventTime(),
            source: "s" + text(12)
        )
    }

    /// A window without a fault.
    mutating func aggregate() -> PriceAggregate {
        let prices = [positivePrice(), positivePrice(), positivePrice()].sorted()
        let times = (0..<4).map { _ in eventTime().microseconds }.sorted()
        let isSynthetic = chance(1, in: 2)
        let sampleCount = isSynthetic ? 0 : Int(next() >> 1) | 1
        return PriceAggregate(
            coinID: identifier(),
            vsCurrency: "u" + text(12),
            window: pick(PriceAggregate.Window.allCases),
            windowStart: EventTime(microseconds: times[0]),
            windowEnd: EventTime(microseconds: times[3] + 1),
            open: pick(prices),
            high: prices[2],
            low: prices[0],
            close: pick(prices),
            average: prices[1],
            sampleCount: sampleCount,
            tradeCount: optional { Int.random(in: 0...sampleCount, using: &$0) },
            volume: optional { $0.positivePrice() },
            quoteVolume: optional { $0.positivePrice() },
            vwap: optional { $0.pick(prices) },
            totalVolume: optional { $0.price() },
            firstTickAt: optional { _ in EventTime(microseconds: times[1]) },
            lastTickAt: optional { _ in EventTime(microseconds: times[2]) },
            revision: Int(next() % 1_000),
            synthetic: isSynthetic,
            partial: chance(1, in: 2)
        )
    }

    /// An alert without a fault.
    mutating func alert() -> PriceAlert {
        PriceAlert(
            alertID: identifier(),
            ruleID: identifier(),
            coinID: identifier(),
            vsCurrency: "u" + text(12),
            kind: pick(AlertRule.Kind.allCases),
            threshold: price(),
            windowMicroseconds: optional { $0.duration() },
            value: price(),
            price: positivePrice(),
            triggeredAt: eventTime()
        )
    }

    /// A rule without a fault.
    mutating func rule() -> AlertRule {
        let kind = pick(AlertRule.Kind.allCases)
        let threshold = Price(units: Int128(next()) + 1)
        let isChange = kind == .changePct
        return AlertRule(
            ruleID: identifier(),
            coinID: "*" + text(12),
            vsCurrency: "u" + text(12),
            kind: kind,
            threshold: isChange && chance(1, in: 2) ? Price(units: -threshold.units) : threshold,
            windowMicroseconds: isChange ? duration() : optional { $0.duration() },
            cooldownMicroseconds: chance(1, in: 4) ? 0 : duration(),
            enabled: chance(1, in: 2)
        )
    }

    /// A tick's record in any order and layout: unknown and repeated fields, nulls, white space, escapes; sometimes with
    /// a required field missing or null.
    mutating func tickRecord() -> String {
        let numbers = ["market_cap", "total_volume", "high_24h", "low_24h", "price_change_percentage_24h"]
        var members: [(String, String)] = []
        for (name, limit) in [("coin_id", 250), ("vs_currency", 60)] {
            let content = "c" + text(limit)
            members.append((name, quoted(content)))
        }
        for (name, limit) in [("symbol", 256), ("name", 1_024), ("source", 64)] where chance(3, in: 4) {
            let content = text(limit)
            members.append((name, quoted(content)))
        }
        let price = numberText()
        members.append(("price", chance(1, in: 40) ? price : price.replacing(/^-/, with: "")))
        if chance(1, in: 3) {
            let size = numberText()
            members.append(("size", chance(1, in: 40) ? size : size.replacing(/^-/, with: "")))
        }
        if chance(1, in: 3) {
            let id = chance(1, in: 20) ? "" : "t" + text(60)
            members.append(("trade_id", chance(1, in: 20) ? "17" : quoted(id)))
        }
        if chance(1, in: 3) { members.append(("side", pick(["\"buy\"", "\"sell\"", "\"sell\"", "null", "\"BUY\""]))) }
        for name in numbers where chance(3, in: 4) { members.append((name, chance(1, in: 4) ? "null" : numberText())) }
        if chance(3, in: 4) { members.append(("market_cap_rank", pick(["1", "null", "250", "1.0", "1e2", "-0"]))) }
        for name in chance(3, in: 4) ? ["timestamp", "ingested_at"] : ["timestamp"] {
            let time = eventTime().description
            members.append((name, quoted(time)))
        }
        if chance(1, in: 20) { members.remove(at: Int.random(in: 0..<members.count, using: &self)) }
        if chance(1, in: 20) { members[Int.random(in: 0..<members.count, using: &self)].1 = "null" }
        if chance(1, in: 2) { members.shuffle(using: &self) }
        for index in 0..<Int.random(in: 0...2, using: &self) {
            let place = Int.random(in: 0...members.count, using: &self)
            members.insert(("extra \(index)", document(depth: 2, repeatingKeys: false)), at: place)
        }
        if chance(1, in: 10) { members.append(pick(members)) }
        let parts = members.map { name, value in
            whiteSpace() + quoted(name) + whiteSpace() + ":" + whiteSpace() + value + whiteSpace()
        }
        return whiteSpace() + "{" + parts.joined(separator: ",") + "}" + whiteSpace()
    }

    /// A text that can be an id: not empty, without U+0000, of at most 256 bytes.
    private mutating func identifier() -> String {
        "i" + text(250)
    }

    /// A text without U+0000 of at most that many bytes.
    private mutating func text(_ limit: Int) -> String {
        text().replacing("\0", with: "").cut(to: limit)
    }

    /// A price or a size of a tick, which is below 10²⁰.
    private mutating func tickPrice() -> Price {
        min(positivePrice(), Price(units: Int128(10_000_000_000) * 10_000_000_000 * Price.unitsPerOne - 1))
    }

    private mutating func positivePrice() -> Price {
        let price = price()
        return price < .zero ? Price(units: ~price.units) : price
    }

    private mutating func duration() -> Int64 {
        Int64(next() >> UInt64.random(in: 2..<60, using: &self)) + 1
    }

    private mutating func optional<Value>(_ make: (inout SplitMix64) -> Value) -> Value? {
        chance(1, in: 4) ? nil : make(&self)
    }
}
