import Shared

/// Reads the body of `/coins/{id}/market_chart/range`: `prices`, `market_caps` and `total_volumes`, each an array of pairs of
/// milliseconds and a number.
///
/// What breaks JSON's grammar spoils the answer; a pair that makes no sense is left out and counted.
struct HistoryAnswer: Sendable {
    /// The points in the order of their times, each time once.
    private(set) var points: [HistoryPoint] = []
    /// Pairs without a usable time or price.
    private(set) var skipped = 0

    /// Reads a body.
    /// - Throws: ``JSONError`` when it is no object in JSON, or has no `prices`.
    init(json: Span<UInt8>) throws(JSONError) {
        var prices: [(EventTime, Price)]?
        var caps: [EventTime: Price] = [:]
        var volumes: [EventTime: Price] = [:]
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "prices":
                let (pairs, bad) = try Self.pairs(&scanner)
                prices = pairs
                skipped += bad
            case "market_caps":
                caps = Dictionary(try Self.pairs(&scanner).pairs) { first, _ in first }
            case "total_volumes":
                volumes = Dictionary(try Self.pairs(&scanner).pairs) { first, _ in first }
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        guard let prices else { throw JSONError(.missingField("prices"), at: 0) }
        var seen: Set<EventTime> = []
        for (time, price) in prices where seen.insert(time).inserted {
            points.append(HistoryPoint(time: time, price: price, marketCap: caps[time], totalVolume: volumes[time]))
        }
        points.sort { $0.time < $1.time }
    }

    /// Reads an array of pairs to its end.
    private static func pairs(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> (pairs: [(EventTime, Price)], bad: Int) {
        var pairs: [(EventTime, Price)] = []
        var bad = 0
        guard try scanner.peekKind() == .array else {
            try scanner.skipValue()
            return (pairs, bad)
        }
        try scanner.beginArray()
        while try scanner.nextElement() {
            guard try scanner.peekKind() == .array else {
                try scanner.skipValue()
                bad += 1
                continue
            }
            var numbers: [Price?] = []
            try scanner.beginArray()
            while try scanner.nextElement() {
                let number = try PolledRow.price(&scanner)
                if numbers.count < 2 { numbers.append(number) }
            }
            guard numbers.count == 2, let milliseconds = numbers[0], let value = numbers[1], value >= .zero,
                let whole = Int64(exactly: milliseconds.units / Price.unitsPerOne),
                let time = EventTime(unixMilliseconds: whole)
            else {
                bad += 1
                continue
            }
            pairs.append((time, value))
        }
        return (pairs, bad)
    }
}
