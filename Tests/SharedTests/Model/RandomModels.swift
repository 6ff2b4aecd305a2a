import Shared
import TestSupport

extension SplitMix64 {
    /// A price of any size and either sign, often with zeros at the end, sometimes at the ends of the range.
    mutating func price() -> Price {
        switch next() % 16 {
        case 0: return pick([.zero, Price(units: .max), Price(units: .min), Price(1), Price(-1), Price(units: 1)])
        case 1...4: return Price(units: Int128(truncatingIfNeeded: next() % 10_000_000) * 10_000_000_000_000_000)
        default:
            let wide = UInt128(next()) << 64 | UInt128(next())
            return Price(units: Int128(truncatingIfNeeded: wide) >> Int.random(in: 0..<127, using: &self))
        }
    }

    /// An instant that RFC 3339 has, to the microsecond, millisecond or second.
    mutating func eventTime() -> EventTime {
        let range = chance(1, in: 2) ? 1_600_000_000_000_000...1_900_000_000_000_000 : EventTime.range
        let microseconds = Int64.random(in: range, using: &self)
        let step: Int64 = pick([1, 1_000, 1_000_000])
        return EventTime(microseconds: microseconds / step * step)
    }

    /// A number in JSON's grammar of at most 36 significant digits and below 10²⁰.
    mutating func numberText() -> String {
        var text = chance(1, in: 4) ? "-" : ""
        let wholeCount = chance(1, in: 3) ? 0 : Int.random(in: 1...12, using: &self)
        text += wholeCount == 0 ? "0" : "\(Int.random(in: 1...9, using: &self))" + digits(wholeCount - 1)
        if chance(3, in: 4) { text += "." + digits(Int.random(in: 1...22, using: &self)) }
        if chance(1, in: 3) {
            text +=
                pick(["e", "E"]) + pick(["", "+", "-"]) + pick(["", "0"]) + "\(Int.random(in: 0...7, using: &self))"
        }
        return text
    }

    private mutating func digits(_ count: Int) -> String {
        let zerosOrFives = chance(1, in: 4)
        var text = ""
        for _ in 0..<count { text += zerosOrFives ? pick(["0", "0", "5"]) : "\(next() % 10)" }
        return text
    }
}

extension EventTime {
    /// The microseconds of the instants that RFC 3339 has.
    static var range: ClosedRange<Int64> { EventTime.earliest.microseconds...EventTime.latest.microseconds }
}
