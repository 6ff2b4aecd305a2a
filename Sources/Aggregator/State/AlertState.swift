import Shared

/// What a rule knows of a coin.
public struct AlertState: Sendable, Hashable {
    /// Whether the rule's condition held at the last look; nil when it hasn't looked since its condition changed.
    public var holds: Bool?
    /// When the rule last fired for the coin.
    public var firedAt: EventTime?
    /// What the rule watched then: a rule that has changed since starts anew.
    public var kind: AlertRule.Kind
    /// Its threshold then.
    public var threshold: Price
    /// The length of its window then, in microseconds, for `changePct`.
    public var windowMicroseconds: Int64?
}

extension AlertState {
    /// Whether a rule watches for what this one watched for. Records of older versions don't name the window.
    func isAbout(_ rule: AlertRule) -> Bool {
        guard kind == rule.kind, threshold == rule.threshold else { return false }
        return kind != .changePct || windowMicroseconds == nil || windowMicroseconds == rule.windowMicroseconds
    }
}
