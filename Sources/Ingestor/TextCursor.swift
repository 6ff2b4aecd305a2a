import Shared

/// Writes ASCII into memory that was made large enough before: the hot loop of a source that makes its ticks' text itself,
/// without a bounds check or an allocation for each tick.
struct TextCursor {
    private let start: UnsafeMutablePointer<UInt8>
    private var next: UnsafeMutablePointer<UInt8>

    /// Starts at the beginning of the memory.
    init(_ start: UnsafeMutablePointer<UInt8>) {
        self.start = start
        next = start
    }

    /// How many bytes were written.
    var count: Int { next - start }

    /// Writes bytes as they are.
    @inline(__always)
    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress {
                next.update(from: base, count: source.count)
                next += source.count
            }
        }
    }

    /// Writes a literal.
    @inline(__always)
    mutating func write(_ text: StaticString) {
        next.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        next += text.utf8CodeUnitCount
    }

    /// Writes a whole number, at most 20 bytes.
    @inline(__always)
    mutating func write(_ value: Int64) {
        if value < 0 { put(UInt8(ascii: "-")) }
        writeDigits(value.magnitude, count: Self.digits(of: value.magnitude))
    }

    /// Writes `value` × 10^-`decimals` as `Price` would: no exponent, no zeros at the end; at most 22 bytes.
    /// - Parameter decimals: from 0 to 18.
    @inline(__always)
    mutating func write(_ value: Int64, decimals: Int) {
        if value < 0 { put(UInt8(ascii: "-")) }
        var fraction = decimals
        var rest = value.magnitude
        while fraction > 0, rest % 10 == 0 {
            rest /= 10
            fraction -= 1
        }
        if fraction == 0 {
            return writeDigits(rest, count: Self.digits(of: rest))
        }
        // At least one digit stands before the point, and it takes the place after which all others move.
        let count = max(Self.digits(of: rest), fraction + 1)
        let point = next + (count - fraction)
        writeDigits(rest, count: count)
        var cell = next
        while cell > point {
            cell.pointee = (cell - 1).pointee
            cell -= 1
        }
        point.pointee = UInt8(ascii: ".")
        next += 1
    }

    /// Writes a price, at most ``Price/maximumTextLength`` bytes.
    @inline(__always)
    mutating func write(_ price: Price) {
        next += price.write(into: UnsafeMutableBufferPointer(start: next, count: Price.maximumTextLength))
    }

    /// Writes a time without quotation marks, at most ``EventTime/maximumTextLength`` bytes.
    @inline(__always)
    mutating func write(_ time: EventTime) {
        next += time.write(into: UnsafeMutableBufferPointer(start: next, count: EventTime.maximumTextLength))
    }

    /// Writes exactly `count` digits, with zeros in front.
    @inline(__always)
    mutating func writeDigits(_ value: UInt64, count: Int) {
        var rest = value
        var cell = next + count
        while cell > next {
            cell -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            cell.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
        next += count
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        next.pointee = byte
        next += 1
    }

    @inline(__always)
    private static func digits(of value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}
