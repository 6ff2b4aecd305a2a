import Shared

/// What is counted of one exchange's feed.
struct FeedCounts: Sendable {
    /// Trades that were handed on.
    let trades: PrometheusCounter
    /// Trades that came from the history.
    let filled: PrometheusCounter
    /// Trades that were told again.
    let duplicates: PrometheusCounter
    /// Trades that were never got: their ids are missing.
    let lost: PrometheusCounter
    /// Trades whose ids were not believed.
    let disbelieved: PrometheusCounter
    /// Messages that could not be read.
    let unreadable: PrometheusCounter
    /// Messages of kinds we don't know, or of products nobody asked for.
    let ignored: PrometheusCounter
    /// Connections that were lost or refused.
    let disconnects: PrometheusCounter
    /// Requests for history without a good answer.
    let historyFailures: PrometheusCounter
    /// Trades that wait for others before them.
    let held: PrometheusGauge
    /// Products that miss trades now.
    let missing: PrometheusGauge
    /// Connections that are open.
    let open: PrometheusGauge
    /// Products that the exchange refuses.
    let refused: PrometheusGauge

    /// Declares the metrics of an exchange.
    init(exchange: String, registry: PrometheusRegistry = .shared) {
        func counter(_ name: String, _ help: String) -> PrometheusCounter {
            let labels = ["exchange": exchange]
            return PrometheusCounter("tickline_ingestor_feed_" + name, help: help, labels: labels, registry: registry)
        }
        func gauge(_ name: String, _ help: String) -> PrometheusGauge {
            let labels = ["exchange": exchange]
            return PrometheusGauge("tickline_ingestor_feed_" + name, help: help, labels: labels, registry: registry)
        }
        trades = counter("trades_total", "Trades that were passed on, each once.")
        filled = counter("filled_trades_total", "Those of them that the feed missed and the history supplied.")
        duplicates = counter("duplicate_trades_total", "Trades that arrived again and were not sent again.")
        lost = counter("lost_trades_total", "Ids that neither the feed nor the history brought.")
        disbelieved = counter("disbelieved_trades_total", "Trades with an id far above those that followed.")
        unreadable = counter("unreadable_messages_total", "Messages that were not what the exchange documents.")
        ignored = counter("ignored_messages_total", "Messages of unknown kinds or of products not asked for.")
        disconnects = counter("disconnects_total", "Connections that were lost or refused.")
        historyFailures = counter("history_failures_total", "Requests for history without a good answer.")
        held = gauge("held_trades", "Trades that wait for others before them.")
        missing = gauge("missing_products", "Products of which trades are missing now.")
        open = gauge("connections_open", "Connections that are open.")
        refused = gauge("refused_products", "Products that the exchange refuses.")
    }
}
