import Shared

/// What a tick says about its coin that isn't a price: goes into `cryptocurrencies` and `quoted_pairs`.
struct CoinDescription: Sendable, Equatable {
    /// The record that said it; if that record is refused, so is the description.
    let offset: Int64
    /// What it says, for the ``CoinDirectory``.
    let fact: CoinFact
    /// The coin.
    let coinID: String
    /// Its ticker symbol; empty when the tick doesn't say.
    let symbol: String
    /// Its display name; empty when the tick doesn't say.
    let name: String
    /// The currency of the tick.
    let vsCurrency: String

    /// The description in a tick.
    init(_ tick: ScannedTick, _ fact: CoinFact, in record: Span<UInt8>, offset: Int64) {
        self.offset = offset
        self.fact = fact
        coinID = tick.coinID.string(in: record)
        symbol = Self.printable(tick.symbol.string(in: record))
        name = Self.printable(tick.name.string(in: record))
        vsCurrency = tick.vsCurrency.string(in: record)
    }

    /// PostgreSQL's text has no U+0000; in a name it is replaced rather than losing a good price over it.
    private static func printable(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.lazy.map { $0 == "\0" ? "\u{FFFD}" : $0 })
        return String(scalars)
    }
}
