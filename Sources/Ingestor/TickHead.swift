import Shared

/// The start of a tick's JSON, which is the same for all ticks of a coin: a source that makes many writes it once.
enum TickHead {
    /// The bytes up to and with `"price":`, escaped by the writer that all other ticks go through.
    static func bytes(coinID: String, symbol: String, name: String, vsCurrency: String) -> [UInt8] {
        let sample = PriceTick(
            coinID: coinID,
            symbol: symbol,
            name: name,
            vsCurrency: vsCurrency,
            price: .zero,
            timestamp: EventTime(microseconds: 0),
            ingestedAt: EventTime(microseconds: 0),
            source: ""
        )
        var writer = JSONWriter()
        sample.write(to: &writer)
        let whole = writer.withUnsafeBytes { Array($0) }
        // A quotation mark within a text is escaped, so the first of these is the member.
        let mark = Array("\"price\":".utf8)
        let end = whole.indices.first { whole[$0...].starts(with: mark) } ?? 0
        return Array(whole[..<(end + mark.count)])
    }
}
