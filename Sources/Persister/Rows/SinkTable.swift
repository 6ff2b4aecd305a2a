import Shared

/// A table that takes the records of one topic: how its rows get in, and what happens when one is there already.
enum SinkTable: String, Sendable, CaseIterable {
    /// `prices.raw`; a row that is there already is left as it is.
    case rawPriceData = "raw_price_data"
    /// `prices.aggregates.1m`; a higher revision replaces the row.
    case aggregates1m = "price_aggregates_1m"
    /// `prices.aggregates.sliding`; a higher revision replaces the row.
    case aggregatesSliding = "price_aggregates_sliding"
    /// `prices.alerts`; a row that is there already is left as it is.
    case alerts = "price_alerts"
    /// `alerts.rules`; the newest record of a rule that can be used replaces the row, or removes it.
    case alertRules = "alert_rules"

    /// The table's name.
    var name: String { rawValue }

    /// The topic its records come from.
    var topic: Topic {
        switch self {
        case .rawPriceData: .raw
        case .aggregates1m: .aggregates1m
        case .aggregatesSliding: .aggregatesSliding
        case .alerts: .alerts
        case .alertRules: .alertRules
        }
    }

    /// The columns in the order in which a row is encoded.
    var columns: [String] {
        let window = [
            "window_start", "window_end", "first_tick_at", "last_tick_at", "sample_count", "revision", "synthetic",
            "partial", "coin_id", "vs_currency",
        ]
        let prices = [
            "open", "high", "low", "close", "average", "total_volume", "trade_count", "volume", "quote_volume", "vwap",
        ]
        return switch self {
        case .rawPriceData:
            [
                "id", "ingested_at", "\"timestamp\"", "market_cap_rank", "coin_id", "vs_currency", "price",
                "market_cap", "total_volume", "high_24h", "low_24h", "price_change_percentage_24h", "source", "size",
                "trade_id", "side",
            ]
        case .aggregates1m: window + prices
        case .aggregatesSliding: window + ["window_kind"] + prices
        case .alerts:
            [
                "alert_id", "rule_id", "coin_id", "vs_currency", "kind", "threshold", "change_window", "value", "price",
                "triggered_at",
            ]
        case .alertRules:
            [
                "rule_id", "coin_id", "vs_currency", "kind", "threshold", "change_window", "cooldown", "enabled",
                "since", "refusal", "refused_at", "source_offset",
            ]
        }
    }

    /// The columns that a row of the stream is the same by.
    private var key: String {
        switch self {
        case .rawPriceData: "id, \"timestamp\""
        case .aggregates1m: "coin_id, vs_currency, window_start"
        case .aggregatesSliding: "coin_id, vs_currency, window_kind, window_start, window_end"
        case .alerts: "alert_id"
        case .alertRules: "rule_id"
        }
    }

    /// Whether the rows are new as long as nothing is read twice, so that a COPY straight into the table is worth a try.
    var isAppendOnly: Bool { self == .rawPriceData }

    /// The temporary table of a connection that takes the rows before they are merged; it refuses what the table's own
    /// NOT NULL and CHECK would refuse, and is empty at the start of each transaction.
    var createStaging: String {
        "CREATE TEMPORARY TABLE staging_\(name) (LIKE \(name) INCLUDING CONSTRAINTS) ON COMMIT DELETE ROWS"
    }

    /// Opens a COPY straight into the table.
    var copyIn: String { "COPY \(name) (\(columns.joined(separator: ", "))) FROM STDIN BINARY" }

    /// Opens a COPY into the staging table.
    var copyToStaging: String { "COPY staging_\(name) (\(columns.joined(separator: ", "))) FROM STDIN BINARY" }

    /// Moves the rows of the staging table into the table. Of several revisions in one batch the highest goes in: an
    /// INSERT may not touch one row twice.
    var merge: String {
        let columns = self.columns.joined(separator: ", ")
        switch self {
        case .rawPriceData, .alerts:
            return """
                INSERT INTO \(name) (\(columns)) SELECT \(columns) FROM staging_\(name)
                ON CONFLICT (\(key)) DO NOTHING
                """
        case .aggregates1m, .aggregatesSliding:
            let assignments = self.columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
            return """
                INSERT INTO \(name) AS present (\(columns))
                SELECT DISTINCT ON (\(key)) \(columns) FROM staging_\(name) ORDER BY \(key), revision DESC
                ON CONFLICT (\(key)) DO UPDATE SET \(assignments) WHERE excluded.revision > present.revision
                """
        case .alertRules: return RuleRow.merge
        }
    }
}
