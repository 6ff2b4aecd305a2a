import Shared

extension PriceTick {
    /// A tick of bitcoin from the simulator.
    /// - Parameter microseconds: its event time since the epoch.
    static func bitcoin(_ price: Int, at microseconds: Int64) -> PriceTick {
        let time = EventTime(microseconds: microseconds)
        return PriceTick(
            coinID: "bitcoin",
            symbol: "btc",
            name: "Bitcoin",
            vsCurrency: "usd",
            price: Price(price),
            timestamp: time,
            ingestedAt: time,
            source: "simulator"
        )
    }
}

extension AlertRule {
    /// A rule that fires when bitcoin rises above a price.
    static func bitcoin(_ id: String, above threshold: Int) -> AlertRule {
        AlertRule(ruleID: id, coinID: "bitcoin", vsCurrency: "usd", kind: .above, threshold: Price(threshold))
    }
}
