import Shared

/// Makes ticks of the records of a file.
struct ReplayDecoder {
    /// Why a record makes no tick.
    struct Failure: Error, CustomStringConvertible {
        /// What is wrong with it.
        var description: String
    }

    private let columns: ReplayColumns?
    private let coin: ReplayCoin
    private var fields = CSVFields()

    /// Makes a decoder.
    /// - Parameters:
    ///   - columns: where the values stand in a CSV record; `nil` for NDJSON.
    ///   - coin: the coin and the currency of records that don't name one.
    init(columns: ReplayColumns?, coin: ReplayCoin) {
        self.columns = columns
        self.coin = coin
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
        let timestamp = try time(columns)
        guard let price = try number(columns.price, "price") else { throw Failure(description: "price is empty") }
        let volume = if let column = columns.totalVolume { try number(column, "24-hour volume") } else { Price?.none }
        let size = if let column = columns.size { try number(column, "size") } else { Price?.none }
        let tick = PriceTick(
            coinID: columns.coinID.map { fields.string($0) } ?? coin.id ?? "",
            symbol: text(columns.symbol) ?? coin.symbol,
            name: text(columns.name) ?? coin.name,
            vsCurrency: text(columns.vsCurrency) ?? coin.vsCurrency,
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

    /// The event time: of a candle, when it closed.
    private func time(_ columns: ReplayColumns) throws(Failure) -> EventTime {
        var text = fields.string(columns.timestamp)
        // A spreadsheet made 1.61E+12 of it: the date beside it has all its digits.
        if let date = columns.date, text.contains("E") || text.contains("e") { text = fields.string(date) }
        guard let time = ReplayTime.parse(text) else {
            let given = text.cut(to: 64)
            throw Failure(description: "timestamp \"\(given)\" is neither RFC 3339 nor Unix time")
        }
        let (sum, overflow) = time.microseconds.addingReportingOverflow(columns.delay)
        guard !overflow, sum <= EventTime.latest.microseconds else {
            throw Failure(description: "timestamp \"\(text.cut(to: 64))\" is too late")
        }
        return EventTime(microseconds: sum)
    }

    private func side() throws(Failure) -> TradeSide? {
        if let text = text(columns?.isBuyerMaker) {
            switch text.lowercased() {
            case "true": return .sell
            case "false": return .buy
            default: throw Failure(description: "\"\(text.cut(to: 64))\" is neither True nor False")
            }
        }
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
