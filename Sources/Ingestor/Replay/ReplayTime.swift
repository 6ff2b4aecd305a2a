import Shared

/// Event times as files write them.
enum ReplayTime {
    /// From here on a number counts milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973.
    static let firstMilliseconds: Int128 = 100_000_000_000

    /// Reads RFC 3339, Unix seconds or Unix milliseconds, both perhaps with decimals; what is below a microsecond is
    /// cut off.
    static func parse(_ text: String) -> EventTime? {
        if let time = EventTime(text) { return time }
        guard let number = Price(text) else { return nil }
        let isMilliseconds = number.units.magnitude >= firstMilliseconds.magnitude * Price.unitsPerOne.magnitude
        let unitsPerMicrosecond = Price.unitsPerOne / (isMilliseconds ? 1_000 : 1_000_000)
        let time = Int64(exactly: number.units / unitsPerMicrosecond).map { EventTime(microseconds: $0) }
        return time.flatMap { (EventTime.earliest...EventTime.latest).contains($0) ? $0 : nil }
    }
}
