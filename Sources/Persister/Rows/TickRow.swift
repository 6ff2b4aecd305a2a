import Shared

/// A tick as a row of `raw_price_data`.
enum TickRow {
    /// Appends a tick to rows in the order of ``SinkTable/columns``, without allocating (unless a text has escapes).
    /// - Parameters:
    ///   - tick: The tick.
    ///   - record: The bytes it was read from.
    ///   - recordTime: When the record was written, for a tick that doesn't say when it was received.
    ///   - rows: Where it goes.
    /// - Throws: ``JSONError`` if a number does not fit its column.
    static func append(
        _ tick: ScannedTick,
        in record: Span<UInt8>,
        recordTime: EventTime?,
        to rows: inout CopyBuffer
    ) throws(JSONError) {
        var rank: Int32?
        if let value = tick.marketCapRank {
            guard let fits = Int32(exactly: value) else {
                throw JSONError(.outOfRange, at: 0, field: "market_cap_rank")
            }
            rank = fits
        }
        // A text's bytes without escapes are never more than with them.
        let source = max(tick.source.count, PriceTick.unknownSource.utf8CodeUnitCount)
        let texts = tick.coinID.count + tick.vsCurrency.count + source + (tick.tradeID?.count ?? 0)
        rows.appendRow(room: 2 + 16 * CopyRow.fieldRoom + texts) { row in
            row.begin(fields: 16)
            let id = row.count
            row.uuid(0, 0)
            row.timestamp(tick.ingestedAt(orRecordTime: recordTime))
            let content = row.count
            row.timestamp(tick.timestamp)
            row.integer(rank)
            tick.coinID.withUTF8(in: record) { row.text($0) }
            tick.vsCurrency.withUTF8(in: record) { row.text($0) }
            row.numeric(tick.price)
            row.numeric(tick.marketCap)
            row.numeric(tick.totalVolume)
            row.numeric(tick.high24h)
            row.numeric(tick.low24h)
            row.numeric(tick.priceChangePercentage24h)
            tick.withSource(in: record) { row.text($0) }
            let price = row.count
            appendTrade(of: tick, in: record, to: &row)
            // The encoded fields are the same for the same content, so they are what the id is made from. Those of the
            // trade belong to it only where there is one: the ids of other ticks are older than trades.
            let said = tick.isTrade ? content..<row.count : content..<price
            let identity = row.written(in: said) { TickIdentity(time: tick.timestamp, content: $0) }
            row.replaceUUID(at: id, identity.high, identity.low)
        }
    }

    private static func appendTrade(of tick: ScannedTick, in record: Span<UInt8>, to row: inout CopyRow) {
        row.numeric(tick.size)
        if let tradeID = tick.tradeID {
            tradeID.withUTF8(in: record) { row.text($0) }
        } else {
            row.null()
        }
        switch tick.side {
        case .buy: row.text("buy")
        case .sell: row.text("sell")
        case nil: row.null()
        }
    }
}

extension ScannedTick {
    /// Whether it says anything of a trade.
    fileprivate var isTrade: Bool {
        size != nil || tradeID != nil || side != nil
    }
}
