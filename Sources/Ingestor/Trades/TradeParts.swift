import Shared

/// What has been read of a trade so far: exchanges put its members into any order.
struct TradeParts {
    /// What an exchange calls the members, for errors.
    struct Names {
        /// The trade's id.
        var id: StaticString
        /// The price.
        var price: StaticString
        /// The size.
        var size: StaticString
        /// What tells the taker's side.
        var side: StaticString
        /// The time.
        var time: StaticString
    }

    /// The trade's id.
    var id: Int?
    /// The price.
    var price: Price?
    /// The size in base units.
    var size: Price?
    /// The taker's side.
    var side: TradeSide?
    /// When it was matched.
    var time: EventTime?

    /// The whole trade.
    /// - Parameters:
    ///   - product: the product's number.
    ///   - names: what the exchange calls the members.
    ///   - position: where the trade ends, for errors.
    /// - Throws: ``JSONError`` when something is missing, or no tick could hold it.
    func trade(of product: Int, names: Names, at position: Int) throws(JSONError) -> Trade {
        guard let id else { throw TradeParts.missing(names.id, at: position) }
        guard let price else { throw TradeParts.missing(names.price, at: position) }
        guard let size else { throw TradeParts.missing(names.size, at: position) }
        guard let side else { throw TradeParts.missing(names.side, at: position) }
        guard let time else { throw TradeParts.missing(names.time, at: position) }
        guard id >= 0 else { throw TradeParts.outOfRange(names.id, at: position) }
        guard price >= .zero, price < RecordLimit.price else { throw TradeParts.outOfRange(names.price, at: position) }
        guard size >= .zero, size < RecordLimit.price else { throw TradeParts.outOfRange(names.size, at: position) }
        return Trade(product: product, id: Int64(id), price: price, size: size, side: side, time: time)
    }

    private static func missing(_ name: StaticString, at position: Int) -> JSONError {
        JSONError(.missingField("\(name)"), at: position)
    }

    private static func outOfRange(_ name: StaticString, at position: Int) -> JSONError {
        JSONError(.outOfRange, at: position, field: "\(name)")
    }
}
