import Logging
import Shared

/// One line in the log for each rule that comes, goes or is refused, up to a limit at a time.
struct RuleLog {
    private let logger: Logger
    private var linesLeft = Self.maximumLines
    private var linesLeftOut = 0
    /// The most lines between two calls of ``endCall()``.
    private static let maximumLines = 100

    /// Writes to a logger.
    init(_ logger: Logger) {
        self.logger = logger
    }

    /// A rule is refused.
    mutating func isRefused(_ fault: RuleFault) {
        let reason = fault.reason.cut(to: RecordLimit.error)
        write(.warning, "alert rule \(fault.ruleID.cut(to: RecordLimit.ruleID)) is refused: \(reason)")
    }

    /// A rule has come, gone or become another.
    mutating func hasChanged(_ change: RuleChange) {
        switch change {
        case .set(let rule): isInForce(rule)
        case .remove(let ruleID): write(.info, "alert rule \(ruleID) is removed")
        }
    }

    /// A rule is in force, unless it is switched off.
    mutating func isInForce(_ rule: AlertRule) {
        let coin = rule.coinID == "*" ? "every coin" : rule.coinID
        let window = rule.kind == .changePct ? rule.windowMicroseconds : nil
        let over = window.map { " over \(TextDuration.text(microseconds: $0))" } ?? ""
        let state = rule.enabled ? "in force" : "switched off"
        let condition = "\(coin) in \(rule.vsCurrency) \(rule.kind.rawValue) \(rule.threshold)\(over)"
        write(.info, "alert rule \(rule.ruleID) is \(state): \(condition)")
    }

    /// Says how many lines were left out, and allows as many as before again.
    mutating func endCall() {
        if linesLeftOut > 0 { logger.info("\(linesLeftOut) more lines about alert rules are left out") }
        linesLeft = Self.maximumLines
        linesLeftOut = 0
    }

    private mutating func write(_ level: Logger.Level, _ line: String) {
        guard linesLeft > 0 else {
            linesLeftOut += 1
            return
        }
        linesLeft -= 1
        logger.log(level: level, "\(line)")
    }
}
