import Shared

/// A window as a row of `price_aggregates_1m` or `price_aggregates_sliding`.
enum AggregateRow {
    /// Appends a window to rows in the order of ``SinkTable/columns``.
    /// - Throws: ``JSONError`` if a number does not fit its column, or a window of another kind stands in the topic of
    ///   the tumbling minutes.
    static func append(_ window: PriceAggregate, of table: SinkTable, to rows: inout CopyBuffer) throws(JSONError) {
        guard let revision = Int32(exactly: window.revision) else {
            throw JSONError(.outOfRange, at: 0, field: "revision")
        }
        guard table == .aggregatesSliding || window.window == .tumbling else {
            throw JSONError(.invalidValue("only tumbling windows belong in this topic"), at: 0, field: "window")
        }
        let texts = window.coinID.utf8.count + window.vsCurrency.utf8.count + 16
        rows.appendRow(room: 2 + 21 * CopyRow.fieldRoom + texts) { row in
            row.begin(fields: Int16(table.columns.count))
            row.timestamp(window.windowStart)
            row.timestamp(window.windowEnd)
            row.timestamp(window.firstTickAt)
            row.timestamp(window.lastTickAt)
            row.bigint(Int64(window.sampleCount))
            row.integer(revision)
            row.boolean(window.synthetic)
            row.boolean(window.partial)
            row.text(window.coinID)
            row.text(window.vsCurrency)
            if table == .aggregatesSliding {
                row.text(window.window.rawValue)
            }
            row.numeric(window.open)
            row.numeric(window.high)
            row.numeric(window.low)
            row.numeric(window.close)
            row.numeric(window.average)
            row.numeric(window.totalVolume)
            row.bigint(window.tradeCount.map { Int64($0) })
            row.numeric(window.volume)
            row.numeric(window.quoteVolume)
            row.numeric(window.vwap)
        }
    }
}
