import Shared

extension AlertRule {
    /// Whether the rule is about a coin.
    func watches(_ key: CoinKey) -> Bool {
        enabled && vsCurrency.hasSameBytes(as: key.vsCurrency) && (coinID == "*" || coinID.hasSameBytes(as: key.coinID))
    }

    /// Whether both watch for the same thing.
    func hasCondition(of other: AlertRule) -> Bool {
        kind == other.kind && threshold == other.threshold
            && (kind != .changePct || windowMicroseconds == other.windowMicroseconds)
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
