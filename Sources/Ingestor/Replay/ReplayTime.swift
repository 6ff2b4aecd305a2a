import Shared

/// Event times as files write them.
enum ReplayTime {
    /// From here on a number counts milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973.
    static let firstMilliseconds: Int128 = 100_000_000_000
    /// From here on it counts microseconds, as Binance's files do from 2025 on.
    static let firstMicroseconds = firstMilliseconds * 1_000
    /// From here on it counts nanoseconds.
    static let firstNanoseconds = firstMicroseconds * 1_000

    /// Reads RFC 3339, a date, or Unix seconds, milliseconds, microseconds or nanoseconds, perhaps with decimals; what is below
    /// a microsecond is cut off. A text with a space in place of the `T` and without a zone is UTC.
    static func parse(_ text: String) -> EventTime? {
        if let time = EventTime(text) { return time }
        guard let number = Price(text) else {
            return EventTime(text.utf8.count == 10 ? "\(text)T00:00:00Z" : "\(text)Z")
        }
        let microseconds: Int128 =
            switch number.units.magnitude / Price.unitsPerOne.magnitude {
            case ..<firstMilliseconds.magnitude: number.units / (Price.unitsPerOne / 1_000_000)
            case ..<firstMicroseconds.magnitude: number.units / (Price.unitsPerOne / 1_000)
            case ..<firstNanoseconds.magnitude: number.units / Price.unitsPerOne
            default: number.units / Price.unitsPerOne / 1_000
            }
        let time = Int64(exactly: microseconds).map { EventTime(microseconds: $0) }
        return time.flatMap { (EventTime.earliest...EventTime.latest).contains($0) ? $0 : nil }
    }
}
