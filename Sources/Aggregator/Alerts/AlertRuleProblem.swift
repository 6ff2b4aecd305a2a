import Shared

/// Why an alert rule that could be read can't be used.
public struct AlertRuleProblem: Error, Equatable, CustomStringConvertible {
    /// One sentence.
    public let description: String

    /// Looks for something wrong with a rule.
    /// - Parameters:
    ///   - rule: the rule.
    ///   - plan: the windows there are.
    init?(_ rule: AlertRule, plan: WindowPlan) {
        if rule.cooldownMicroseconds < 0 {
            description = "cooldown is negative"
        } else if rule.kind != .changePct {
            return nil
        } else if rule.threshold == .zero {
            description = "threshold of a change_pct rule is 0; a rise is a positive percentage, a fall a negative one"
        } else {
            let sizes = plan.windows.filter { $0.kind == .sliding }.map { TextDuration.text(microseconds: $0.size) }
            if let window = rule.windowMicroseconds, sizes.contains(TextDuration.text(microseconds: window)) {
                return nil
            }
            let given = rule.windowMicroseconds.map { "window \(TextDuration.text(microseconds: $0))" } ?? "no window"
            description =
                "\(given) in a change_pct rule; the sliding windows of AGGREGATOR_WINDOWS are: "
                + (sizes.isEmpty ? "none" : sizes.joined(separator: ", "))
        }
    }
}
