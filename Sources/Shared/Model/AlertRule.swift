/// What somebody wants to be alerted of: the value of a record in the compacted topic `alerts.rules`.
public struct AlertRule: Sendable, Hashable {
    /// What the rule watches.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Fires when the price rises to the threshold or beyond.
        case above
        /// Fires when the price falls to the threshold or beyond.
        case below
        /// Fires when the change over the sliding window, in percent, reaches the threshold (away from zero).
        case changePct = "change_pct"
    }

    /// The rule's name; the record's key.
    public var ruleID: String
    /// The coin it watches; `*` means every coin.
    public var coinID: String
    /// The currency of the price it watches.
    public var vsCurrency: String
    /// What it watches.
    public var kind: Kind
    /// A price for `above` and `below`, a signed percentage for `changePct`.
    public var threshold: Price
    /// The length of the sliding window in microseconds, for `changePct`.
    public var windowMicroseconds: Int64?
    /// How long after an alert the rule keeps silent for that coin, in microseconds of event time.
    public var cooldownMicroseconds: Int64
    /// False switches the rule off without deleting it.
    public var enabled: Bool

    /// Makes a rule.
    public init(
        ruleID: String,
        coinID: String,
        vsCurrency: String,
        kind: Kind,
        threshold: Price,
        windowMicroseconds: Int64? = nil,
        cooldownMicroseconds: Int64 = 0,
        enabled: Bool = true
    ) {
        self.ruleID = ruleID
        self.coinID = coinID
        self.vsCurrency = vsCurrency
        self.kind = kind
        self.threshold = threshold
        self.windowMicroseconds = windowMicroseconds
        self.cooldownMicroseconds = cooldownMicroseconds
        self.enabled = enabled
    }
}
