import Shared

extension AlertRule {
    /// Whether the rule is about a coin.
    func watches(_ key: CoinKey) -> Bool {
        enabled && vsCurrency == key.vsCurrency && (coinID == "*" || coinID == key.coinID)
    }

    /// The alert that says that the rule fired.
    func alert(for key: CoinKey, value: Price, price: Price, at time: EventTime) -> PriceAlert {
        PriceAlert(
            alertID: "\(ruleID):\(key.coinID):\(key.vsCurrency):\(time)",
            ruleID: ruleID,
            coinID: key.coinID,
            vsCurrency: key.vsCurrency,
            kind: kind,
            threshold: threshold,
            windowMicroseconds: kind == .changePct ? windowMicroseconds : nil,
            value: value,
            price: price,
            triggeredAt: time
        )
    }
}
