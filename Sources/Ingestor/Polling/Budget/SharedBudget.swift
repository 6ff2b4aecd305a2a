import Shared

/// The budget of a key, which several processes spend: each call takes its place in `ingestor.state` before it goes out.
///
/// A process writes the ledger with one call more and reads the log up to it. If nobody came before it, the ledger there is
/// its own, and the call may go; otherwise it looks at the new ledger and tries again.
struct SharedBudget {
    /// How often it tries at most until it waits a second.
    static let attempts = 8
    /// How long it waits when others were always faster.
    static let crowded: Duration = .seconds(1)

    private let log: any StateLog
    private let fingerprint: String
    private let process: String
    private var calls = 0

    /// Makes a budget.
    /// - Parameters:
    ///   - log: where the ledger is.
    ///   - fingerprint: whose it is.
    ///   - process: a name that no other process has.
    init(log: any StateLog, fingerprint: String, process: String) {
        self.log = log
        self.fingerprint = fingerprint
        self.process = process
    }

    /// The ledger as far as it is known.
    var ledger: BudgetLedger { log.table.budgets[fingerprint] ?? BudgetLedger() }

    /// How long to wait before the next call, as far as is known.
    /// - Throws: a `ClassifiedError`.
    func wait(for purpose: CallPurpose, at wall: EventTime, limits: CallLimits) throws -> Duration {
        try log.catchUp()
        return ledger.wait(for: purpose, at: wall, limits: limits)
    }

    /// Takes a place for a call that goes out now.
    /// - Returns: zero when it may go; otherwise how long to wait, and nothing was spent.
    /// - Throws: a `ClassifiedError`; a call may have been spent that didn't go.
    mutating func spend(for purpose: CallPurpose, at wall: EventTime, limits: CallLimits) throws -> Duration {
        try log.catchUp()
        for attempt in 0..<Self.attempts {
            let wait = ledger.wait(for: purpose, at: wall, limits: limits)
            if wait > .zero {
                // A record that came too late for its number may be the last one of its key, and compaction keeps that.
                if attempt > 0 { try log.write(StateRecord(key: .budget(fingerprint), value: ledger.bytes)) }
                return wait
            }
            calls += 1
            let next = ledger.spending(purpose, at: wall, limits: limits, writer: "\(process)-\(calls)")
            if try log.append(StateRecord(key: .budget(fingerprint), value: next.bytes)) { return .zero }
        }
        return Self.crowded
    }
}
