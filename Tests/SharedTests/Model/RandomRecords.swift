import Shared
import TestSupport

/// Random model values, and random records as somebody else might write them.
extension SplitMix64 {
    mutating func tick() -> PriceTick {
        PriceTick(
            coinID: text(),
            symbol: text(),
            name: text(),
            vsCurrency: text(),
            price: price(),
            marketCap: optional { $0.price() },
            marketCapRank: optional { Int(bitPattern: UInt($0.next() >> 3)) },
            totalVolume: optional { $0.price() },
            high24h: optional { $0.price() },
            low24h: optional { $0.price() },
            priceChangePercentage24h: optional { $0.price() },
            timestamp: eventTime(),
            ingestedAt: eventTime(),
            source: text()
        )
    }

    mutating func aggregate() -> PriceAggregate {
        PriceAggregate(
            coinID: text(),
            vsCurrency: text(),
            window: pick(PriceAggregate.Window.allCases),
            windowStart: eventTime(),
            windowEnd: eventTime(),
            open: price(),
            high: price(),
            low: price(),
            close: price(),
            average: price(),
            sampleCount: Int(truncatingIfNeeded: next()),
            totalVolume: optional { $0.price() },
            firstTickAt: optional { $0.eventTime() },
            lastTickAt: optional { $0.eventTime() },
            revision: Int(next() % 1_000),
            synthetic: chance(1, in: 2),
            partial: chance(1, in: 2)
        )
    }

    mutating func alert() -> PriceAlert {
        PriceAlert(
            alertID: text(),
            ruleID: text(),
            coinID: text(),
            vsCurrency: text(),
            kind: pick(AlertRule.Kind.allCases),
            threshold: price(),
            windowMicroseconds: optional { $0.duration() },
            value: price(),
            price: price(),
            triggeredAt: eventTime()
        )
    }

    /// A rule without a fault.
    mutating func rule() -> AlertRule {
        let kind = pick(AlertRule.Kind.allCases)
        let threshold = Price(units: Int128(next()) + 1)
        let isChange = kind == .changePct
        return AlertRule(
            ruleID: "r" + text(),
            coinID: "*" + text(),
            vsCurrency: "u" + text(),
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
        for name in ["coin_id", "symbol", "name", "vs_currency", "source"] {
            let content = text()
            members.append((name, quoted(content)))
        }
        members.append(("price", numberText()))
        for name in numbers where chance(3, in: 4) { members.append((name, chance(1, in: 4) ? "null" : numberText())) }
        if chance(3, in: 4) { members.append(("market_cap_rank", pick(["1", "null", "250", "1.0", "1e2", "-0"]))) }
        for name in ["timestamp", "ingested_at"] {
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

    private mutating func duration() -> Int64 {
        Int64(next() >> UInt64.random(in: 2..<60, using: &self)) + 1
    }

    private mutating func optional<Value>(_ make: (inout SplitMix64) -> Value) -> Value? {
        chance(1, in: 4) ? nil : make(&self)
    }
}
