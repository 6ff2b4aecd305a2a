import Shared

/// What the Ingestor counts.
struct IngestorMetrics: Sendable {
    /// Ticks handed to Kafka's client.
    let produced: PrometheusCounter
    /// Ticks that the brokers acknowledged.
    let acknowledged: PrometheusCounter
    /// Ticks that could not be delivered.
    let failed: PrometheusCounter
    /// Ticks handed over and neither acknowledged nor failed.
    let outstanding: PrometheusGauge
    /// The age of the newest event time that was sent.
    let lag: PrometheusGauge
    /// Polled rows that say nothing new.
    let unchanged: PrometheusCounter
    /// Rows whose `last_updated` was ahead of the answer's `Date`.
    let ahead: PrometheusCounter
    /// Pages on which even the newest `last_updated` was far behind the answer's `Date`.
    let behind: PrometheusCounter
    /// Numbers with more than 18 decimal places.
    let rounded: PrometheusCounter
    /// Rows that were used without a field whose value can't be used.
    let incomplete: PrometheusCounter
    /// Answers whose `Date` is not this machine's time.
    let wrongDate: PrometheusCounter
    /// Requests of a round that failed when they were made last.
    let failingRequests: PrometheusGauge
    /// Answers that limited the rate, whatever their status.
    let rateLimited: PrometheusCounter
    /// Requests without an answer.
    let unanswered: PrometheusCounter
    /// How long a request took.
    let requestSeconds: PrometheusHistogram
    /// Requests that the minute's budget leaves.
    let budgetLeft: PrometheusGauge
    /// Requests that the month's budget leaves to all processes with the key.
    let monthLeft: PrometheusGauge
    /// Requests that all processes with the key made within 31 days.
    let monthSpent: PrometheusGauge
    /// Answers that said that nothing had changed.
    let notModified: PrometheusCounter
    /// The time between two rounds of polling.
    let pollInterval: PrometheusGauge
    /// Coins that are new in a list such as the hundred largest.
    let listAdded: PrometheusCounter
    /// Coins that are gone from it.
    let listDropped: PrometheusCounter
    /// Ids that were asked for and that the source doesn't know.
    let unknownCoins: PrometheusGauge
    /// How far a replay is, from 0 to 1.
    let replayProgress: PrometheusGauge
    private let missed: [Missed.Unit: PrometheusCounter]
    private let skipped: [SentTicks.SkipReason: PrometheusCounter]
    private let registry: PrometheusRegistry

    /// Declares the metrics.
    init(registry: PrometheusRegistry = .shared) {
        func counter(_ name: String, _ help: String, _ labels: [String: String] = [:]) -> PrometheusCounter {
            PrometheusCounter("tickline_ingestor_" + name, help: help, labels: labels, registry: registry)
        }
        func gauge(_ name: String, _ help: String, _ labels: [String: String] = [:]) -> PrometheusGauge {
            PrometheusGauge("tickline_ingestor_" + name, help: help, labels: labels, registry: registry)
        }
        self.registry = registry
        produced = counter("ticks_produced_total", "Ticks handed to the Kafka client.")
        acknowledged = counter("ticks_acknowledged_total", "Ticks that the brokers acknowledged.")
        failed = counter("ticks_failed_total", "Ticks that could not be delivered.")
        outstanding = gauge("ticks_outstanding", "Ticks handed over and neither acknowledged nor failed.")
        lag = gauge("source_lag_seconds", "Age of the newest event time at the source.")
        unchanged = counter("rows_unchanged_total", "Polled rows that said nothing new and were not sent.")
        let skew =
            "Times that last_updated, the answer's Date and this machine's clock were further apart than tolerated."
        ahead = counter("clock_skew_total", skew, ["direction": "ahead"])
        behind = counter("clock_skew_total", skew, ["direction": "behind"])
        rounded = counter("rows_rounded_total", "Rows with a number of more than 18 decimal places.")
        incomplete = counter(
            "rows_incomplete_total",
            "Rows that were used without a field that is out of range or of a wrong type."
        )
        wrongDate = counter("clock_skew_total", skew, ["direction": "date"])
        failingRequests = gauge("requests_failing", "Pages and currencies whose last request brought no prices.")
        rateLimited = counter("rate_limited_total", "Answers that limited the rate, under whatever status.")
        unanswered = counter("http_unanswered_total", "HTTP requests that brought no answer.")
        requestSeconds = PrometheusHistogram(
            "tickline_ingestor_http_request_seconds",
            help: "Time from an HTTP request to the end of its answer.",
            registry: registry
        )
        budgetLeft = gauge("budget_requests_left", "HTTP requests left in this minute's budget.")
        monthLeft = gauge(
            "budget_month_requests_left",
            "HTTP requests that the month's budget leaves to all processes with the key; -1 without a limit."
        )
        monthSpent = gauge(
            "budget_month_requests_spent",
            "HTTP requests that all processes with the key made within 31 days."
        )
        notModified = counter("http_not_modified_total", "Answers of 304: nothing new, and no body.")
        pollInterval = gauge("poll_interval_seconds", "Time between two rounds of polling.")
        let changes = "Coins that a list, such as the hundred largest, has gained and lost since the start."
        listAdded = counter("list_changes_total", changes, ["change": "added"])
        listDropped = counter("list_changes_total", changes, ["change": "dropped"])
        unknownCoins = gauge("unknown_coins", "Ids of INGESTOR_COINS that the source doesn't know.")
        replayProgress = gauge("replay_progress_ratio", "How far the replay is, from 0 to 1.")
        missed = Dictionary(
            uniqueKeysWithValues: Missed.Unit.allCases.map { unit in
                let help = "What a live source gave up because Kafka held it back for longer than it makes up for."
                return (unit, counter("missed_total", help, ["unit": unit.rawValue]))
            }
        )
        skipped = Dictionary(
            uniqueKeysWithValues: SentTicks.SkipReason.allCases.map { reason in
                let help = "Rows and lines that make no tick, by reason."
                return (reason, counter("rows_skipped_total", help, ["reason": reason.rawValue]))
            }
        )
    }

    /// Rows and lines that make no tick.
    func skipped(_ reason: SentTicks.SkipReason) -> PrometheusCounter? {
        skipped[reason]
    }

    /// What a live source gave up.
    func missed(_ unit: Missed.Unit) -> PrometheusCounter? {
        missed[unit]
    }

    /// Rows and lines that make no tick, for whatever reason.
    var skippedTotal: Int {
        skipped.values.reduce(0) { $0 + $1.value }
    }

    /// Answers by HTTP status.
    func answered(_ status: Int) {
        PrometheusCounter(
            "tickline_ingestor_http_responses_total",
            help: "HTTP answers by status.",
            labels: ["status": "\(status)"],
            registry: registry
        ).increment()
    }
}
