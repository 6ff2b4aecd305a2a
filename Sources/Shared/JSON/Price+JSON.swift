/// Prices from text: the grammar is that of JSON's numbers.
extension Price {
    /// Reads a number in JSON's grammar (`67187.3358936`, `8.08e-06`, `-3`); nil when it isn't one or is out of range.
    ///
    /// Of more than 18 decimals the nearest value is taken, half to even.
    public init?(_ text: some StringProtocol) {
        let string = String(text)
        guard let reading = try? Price.parse(string.utf8.span) else { return nil }
        self = reading.price
    }

    /// Reads bytes that are one number in JSON's grammar and nothing else.
    /// - Returns: the price, and whether it had to be rounded because the text has more than 18 decimals.
    /// - Throws: ``JSONError`` when it isn't a number or is out of range.
    public static func parse(_ bytes: Span<UInt8>) throws(JSONError) -> (price: Price, isInexact: Bool) {
        var position = 0
        let number = try JSONNumber(reading: bytes, at: &position)
        guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
        guard let reading = number.price(in: bytes) else { throw JSONError(.outOfRange, at: 0) }
        return reading
    }
}
