import Shared

/// An alert as a row of `price_alerts`.
enum AlertRow {
    /// Appends an alert to rows in the order of ``SinkTable/columns``.
    static func append(_ alert: PriceAlert, to rows: inout CopyBuffer) {
        let texts =
            alert.alertID.utf8.count + alert.ruleID.utf8.count + alert.coinID.utf8.count + alert.vsCurrency.utf8.count
        rows.appendRow(room: 2 + 10 * CopyRow.fieldRoom + texts) { row in
            row.begin(fields: 10)
            row.text(alert.alertID)
            row.text(alert.ruleID)
            row.text(alert.coinID)
            row.text(alert.vsCurrency)
            row.text(alert.kind.rawValue)
            row.numeric(alert.threshold)
            row.interval(microseconds: alert.windowMicroseconds)
            row.numeric(alert.value)
            row.numeric(alert.price)
            row.timestamp(alert.triggeredAt)
        }
    }
}
