import Shared

/// What was traded in a candle: all of it is absent where no tick had a size.
struct TradeFigures: Hashable {
    /// How many of its ticks are trades.
    var count: Int?
    /// The sum of their sizes, in base units.
    var volume: Price?
    /// The sum of price × size, in the currency.
    var quoteVolume: Price?
    /// The mean price weighted by size; absent when the volume is 0 as well.
    var vwap: Price?

    /// Adds those of the candle's next minute; the VWAP is then that of the minute before, until ``weigh()``.
    ///
    /// The rule of `price_candles` in the database: a minute without trades adds nothing, and a sum of which a minute with
    /// trades can't say its part is unknown. So is a sum that is no ``Price``, from 1.7 × 10²⁰ on.
    mutating func add(_ minute: TradeFigures) {
        guard minute != TradeFigures() else { return }
        guard self != TradeFigures() else {
            self = minute
            return
        }
        if let more = minute.count { count = count?.addingClamped(more) ?? more }
        volume = Self.sum(volume, minute.volume)
        quoteVolume = Self.sum(quoteVolume, minute.quoteVolume)
    }

    /// Takes the VWAP from the sums, rounded half to even at 18 places: never a mean of means.
    mutating func weigh() {
        guard let volume, let quoteVolume else {
            vwap = nil
            return
        }
        vwap = ProductSum(quoteVolume, Price(1))?.divided(by: volume)
    }

    private static func sum(_ left: Price?, _ right: Price?) -> Price? {
        guard let left, let right else { return nil }
        let (units, overflow) = left.units.addingReportingOverflow(right.units)
        return overflow ? nil : Price(units: units)
    }
}
