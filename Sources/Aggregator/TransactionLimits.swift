import Shared

/// When a transaction that collects records has collected enough.
struct TransactionLimits: Sendable {
    /// How long it collects.
    let interval: Duration
    /// The most records that it takes in.
    let records: Int
    /// A transaction may last that long while the input is behind: then results are late by more anyway, and each
    /// transaction costs its commit and a state record for every coin that it touches.
    static let backlogInterval = Duration.seconds(1)

    /// How long to wait for the next record.
    /// - Parameters:
    ///   - count: how many records it has.
    ///   - spent: how long it has lasted since the first of them.
    ///   - hasNews: whether a window has closed or an alert fired in it.
    func wait(count: Int, spent: Duration, hasNews: Bool) -> Duration {
        // Behind its time there is a backlog, and more comes at once.
        count == 0 ? interval : max(time(hasNews) - spent, .milliseconds(5))
    }

    /// Whether it goes on to collect.
    /// - Parameters:
    ///   - count: how many records it has.
    ///   - spent: how long it has lasted since the first of them.
    ///   - hasNews: whether a window has closed or an alert fired in it.
    ///   - isBehind: whether there is a backlog; asked only where that matters.
    func goesOn(count: Int, spent: Duration, hasNews: Bool, isBehind: () -> Bool) -> Bool {
        guard count < records else { return false }
        return spent < time(hasNews) || (spent < Self.backlogInterval && isBehind())
    }

    /// How long it may last without a backlog. Windows close together, once in their slide, and an alert is rare: so these
    /// need not wait for the rest. Revisions may be in every transaction, and wait.
    private func time(_ hasNews: Bool) -> Duration {
        hasNews ? interval / 10 : interval
    }
}
