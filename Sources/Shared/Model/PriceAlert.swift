/// A rule that fired: the value of a record in `prices.alerts`.
public struct PriceAlert: Sendable, Hashable {
    /// `rule_id:coin_id:vs_currency:triggered_at`, so that the same event always has the same id.
    public var alertID: String
    /// The rule that fired.
    public var ruleID: String
    /// The coin; the record's key.
    public var coinID: String
    /// The currency of the price.
    public var vsCurrency: String
    /// What the rule watches.
    public var kind: AlertRule.Kind
    /// The rule's threshold when it fired.
    public var threshold: Price
    /// The length of the rule's sliding window in microseconds, for `changePct`.
    public var windowMicroseconds: Int64?
    /// What was compared with the threshold: a price, or a change in percent.
    public var value: Price
    /// The price at that moment.
    public var price: Price
    /// Event time of the tick, or the end of the window, that fired it.
    public var triggeredAt: EventTime

    /// Makes an alert.
    public init(
        alertID: String,
        ruleID: String,
        coinID: String,
        vsCurrency: String,
        kind: AlertRule.Kind,
        threshold: Price,
        windowMicroseconds: Int64? = nil,
        value: Price,
        price: Price,
        triggeredAt: EventTime
    ) {
        self.alertID = alertID
        self.ruleID = ruleID
        self.coinID = coinID
        self.vsCurrency = vsCurrency
        self.kind = kind
        self.threshold = threshold
        self.windowMicroseconds = windowMicroseconds
        self.value = value
        self.price = price
        self.triggeredAt = triggeredAt
    }
}
