import Shared

/// Makes ticks of the records of a file.
struct ReplayDecoder {
    /// Why a record makes no tick.
    struct Failure: Error, CustomStringConvertible {
        /// What is wrong with it.
        var description: String
    }

    private let columns: ReplayColumns?
    private let vsCurrency: String
    private var fields = CSVFields()

    /// Makes a decoder.
    /// - Parameters:
    ///   - columns: where the values stand in a CSV record; `nil` for NDJSON.
    ///   - vsCurrency: the currency of records that don't name one.
    init(columns: ReplayColumns?, vsCurrency: String) {
        self.columns = columns
        self.vsCurrency = vsCurrency
    }

    /// Reads one record. The tick's source is `replay`, and it counts as received now.
    mutating func tick(_ record: Span<UInt8>, ingestedAt: EventTime) throws(Failure) -> PriceTick {
        guard let columns else {
            do {
                var tick = try PriceTick(json: record)
                tick.ingestedAt = ingestedAt
                tick.source = "replay"
                return tick
            } catch {
                throw Failure(description: "\(error)")
            }
        }
        if (try? UTF8Span(validating: record)) == nil {
            throw Failure(description: "not UTF-8")
        }
        do {
            try fields.split(record)
        } catch {
            throw Failure(description: "\(error)")
        }
        guard fields.count == columns.count else {
            throw Failure(description: "\(fields.count) fields where the header has \(columns.count)")
        }
        let coinID = fields.string(columns.coinID)
        let time = fields.string(columns.timestamp)
        guard let timestamp = ReplayTime.parse(time) else {
            let given = time.cut(to: 64)
            throw Failure(description: "timestamp \"\(given)\" is neither RFC 3339 nor Unix seconds or milliseconds")
        }
        guard let price = try number(columns.price, "price") else { throw Failure(description: "price is empty") }
        let volume = if let column = columns.totalVolume { try number(column, "24-hour volume") } else { Price?.none }
        let size = if let column = columns.size { try number(column, "size") } else { Price?.none }
        let tick = PriceTick(
            coinID: coinID,
            symbol: text(columns.symbol) ?? "",
            name: text(columns.name) ?? "",
            vsCurrency: text(columns.vsCurrency) ?? vsCurrency,
            price: price,
            size: size,
            tradeID: text(columns.tradeID),
            side: try side(),
            totalVolume: volume,
            timestamp: timestamp,
            ingestedAt: ingestedAt,
            source: "replay"
        )
        if let fault = tick.fault { throw Failure(description: fault) }
        return tick
    }

    private func side() throws(Failure) -> TradeSide? {
        guard let text = text(columns?.side) else { return nil }
        guard let side = TradeSide(rawValue: text) else {
            throw Failure(description: "side \"\(text.cut(to: 64))\" is neither buy nor sell")
        }
        return side
    }

    private func text(_ column: Int?) -> String? {
        guard let column, !fields.range(of: column).isEmpty else { return nil }
        return fields.string(column)
    }

    private func number(_ column: Int, _ name: String) throws(Failure) -> Price? {
        let range = fields.range(of: column)
        if range.isEmpty { return nil }
        do throws(JSONError) {
            return try Price.parse(fields.text.span.extracting(range)).price
        } catch {
            throw Failure(description: "\(name) \"\(fields.string(column).cut(to: 64))\": \(error)")
        }
    }
}
