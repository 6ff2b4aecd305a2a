import Shared

/// Remembers what the database has been told about each coin, so that a description is written when it is new and not
/// with every tick.
///
/// A pair is written when it is first seen, when its symbol or name changes, and when an hour of event time has passed, to
/// move `quoted_pairs.latest_at_least` forward. It is a memory only: forgetting everything costs one more write per pair.
struct CoinDirectory: Sendable {
    /// How far the newest tick may run ahead of what `quoted_pairs` says, in microseconds of event time.
    static let refreshInterval: Int64 = 3_600_000_000

    private struct Known {
        var description: UInt64
        var time: EventTime
    }

    /// By a 64-bit hash of coin and currency: among 10 000 pairs, two share one with a chance of 1 in 3 × 10¹¹.
    private var known: [UInt64: Known] = [:]

    /// A directory that knows nothing.
    init() {}

    /// Takes note of a tick.
    /// - Returns: the description to write with the tick, or nil if the database has it.
    mutating func note(_ tick: ScannedTick, in record: Span<UInt8>, offset: Int64) -> CoinDescription? {
        let pair = Self.combine(tick.coinID.hash(in: record), tick.vsCurrency.hash(in: record))
        let isDescribed = tick.symbol.count > 0 || tick.name.count > 0
        let present = known[pair]
        // A tick without symbol and name says nothing about either: what is known stays so.
        let description =
            isDescribed
            ? Self.combine(tick.symbol.hash(in: record), tick.name.hash(in: record)) : present?.description ?? 0
        if let present {
            let age = tick.timestamp.microseconds.subtractingReportingOverflow(present.time.microseconds)
            let isCurrent =
                present.description == description && (age.overflow || age.partialValue < Self.refreshInterval)
            // A tick from before what is known says nothing new about the coin.
            if isCurrent || tick.timestamp < present.time { return nil }
        }
        known[pair] = Known(description: description, time: tick.timestamp)
        return CoinDescription(
            offset: offset,
            coinID: tick.coinID.string(in: record),
            symbol: Self.printable(tick.symbol.string(in: record)),
            name: Self.printable(tick.name.string(in: record)),
            vsCurrency: tick.vsCurrency.string(in: record),
            time: tick.timestamp
        )
    }

    /// Forgets everything: after a batch was dropped, what it would have told the database is unknown.
    mutating func removeAll() {
        known.removeAll(keepingCapacity: true)
    }

    private static func combine(_ left: UInt64, _ right: UInt64) -> UInt64 {
        (left << 23 | left >> 41) ^ right
    }

    /// PostgreSQL's text has no U+0000; in a name it is replaced rather than losing a good price over it.
    private static func printable(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.lazy.map { $0 == "\0" ? "\u{FFFD}" : $0 })
        return String(scalars)
    }
}
