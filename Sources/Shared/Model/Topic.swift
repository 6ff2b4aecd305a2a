/// The Kafka topics of the suite, by the names they have without a prefix.
public enum Topic: String, Sendable, CaseIterable {
    /// Ticks as they were received: key `coin_id`, value ``PriceTick``.
    case raw = "prices.raw"
    /// Tumbling one-minute windows: key `coin_id`, value ``PriceAggregate``.
    case aggregates1m = "prices.aggregates.1m"
    /// Sliding windows, and tumbling ones of other sizes: key `coin_id`, value ``PriceAggregate``.
    case aggregatesSliding = "prices.aggregates.sliding"
    /// Rules that fired: key `coin_id`, value ``PriceAlert``.
    case alerts = "prices.alerts"
    /// Ticks that came too late or too early, as received, with headers that say why.
    case late = "prices.late"
    /// Records that no service could use, as received, with headers that say why.
    case deadLetter = "prices.dead-letter"
    /// Compacted: key `rule_id`, value ``AlertRule``; an empty value deletes the rule.
    case alertRules = "alerts.rules"
    /// Compacted: the open windows, alert states and positions of the Aggregator.
    case aggregatorState = "aggregator.state"
    /// Compacted: what the Ingestor must know after a restart: calls spent, pages and ticks sent, how far files and history are.
    case ingestorState = "ingestor.state"

    /// The topic's name on the broker.
    /// - Parameter prefix: `KAFKA_TOPIC_PREFIX`, put before the name as it is.
    public func name(prefix: String) -> String {
        prefix + rawValue
    }
}
