import Shared

/// When a transaction that collects records has collected enough.
struct TransactionLimits: Sendable {
    /// What a transaction has collected so far.
    struct Progress: Sendable {
        /// How many records it has.
        let count: Int
        /// How long it has lasted since the first of them.
        let spent: Duration
        /// How long ago the first window closed or the first alert fired in it; nil if none has.
        let sinceNews: Duration?
    }

    /// How long it collects.
    let interval: Duration
    /// The most records that it takes in.
    let records: Int
    /// A transaction may last that long while the input is behind: then results are late by more anyway, and each
    /// transaction costs its commit and a state record for every coin that it touches.
    static let backlogInterval = Duration.seconds(1)
    /// How long its end may take.
    private static let commitTime = Duration.seconds(3)

    /// How long the broker lets it last; it aborts one that lasts longer, as one is whose producer has died.
    var timeout: Duration { max(interval, Self.backlogInterval) + Self.commitTime }

    /// How long to wait for the next record: not too long, because in between the clocks are read.
    func wait(_ progress: Progress) -> Duration {
        // Behind its time there is a backlog, and more comes at once.
        min(progress.count == 0 ? interval : max(rest(progress), .milliseconds(5)), Self.longestWait)
    }

    /// How long a poll waits at most, and how often the clocks have a say in between.
    static let longestWait = Duration.milliseconds(100)

    /// Whether it goes on to collect.
    /// - Parameter isBehind: whether there is a backlog; asked only where that matters.
    func goesOn(_ progress: Progress, isBehind: () -> Bool) -> Bool {
        guard progress.count > 0, progress.count < records else { return false }
        return rest(progress) > .zero || (progress.spent < Self.backlogInterval && isBehind())
    }

    /// How much longer it lasts without a backlog. Somebody waits for a closed window or an alert, so the rest is short: the time
    /// in which the other partitions' windows close, too. Revisions may be in every transaction, and wait.
    private func rest(_ progress: Progress) -> Duration {
        let rest = interval - progress.spent
        return progress.sinceNews.map { min(rest, min(interval / 10, Self.newsInterval) - $0) } ?? rest
    }

    /// How long a transaction lasts at most that has news.
    private static let newsInterval = Duration.milliseconds(10)
}
