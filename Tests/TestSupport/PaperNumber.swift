/// A natural number of any size, calculated with as on paper: digits of nine decimals, the lowest first. Slow and plain, to
/// check wide arithmetic against.
public struct PaperNumber: Sendable, Hashable, Comparable, CustomStringConvertible {
    private static let base: UInt64 = 1_000_000_000

    /// Without zeros at the end.
    private var digits: [UInt32]

    /// Takes a number over.
    public init(_ value: UInt128) {
        digits = []
        var rest = value
        while rest > 0 {
            digits.append(UInt32(rest % UInt128(Self.base)))
            rest /= UInt128(Self.base)
        }
    }

    private init(digits: [UInt32]) {
        self.digits = digits
        while self.digits.last == 0 { self.digits.removeLast() }
    }

    /// The number in decimal.
    public var description: String {
        guard let first = digits.last else { return "0" }
        return digits.dropLast().reversed().reduce("\(first)") { text, digit in
            let part = String(digit)
            return text + String(repeating: "0", count: 9 - part.count) + part
        }
    }

    /// Orders by value.
    public static func < (left: PaperNumber, right: PaperNumber) -> Bool {
        guard left.digits.count == right.digits.count else { return left.digits.count < right.digits.count }
        for index in left.digits.indices.reversed() where left.digits[index] != right.digits[index] {
            return left.digits[index] < right.digits[index]
        }
        return false
    }

    /// The sum.
    public static func + (left: PaperNumber, right: PaperNumber) -> PaperNumber {
        var (result, carry) = ([UInt32](), UInt64(0))
        for index in 0..<max(left.digits.count, right.digits.count) {
            let sum = left.digit(index) + right.digit(index) + carry
            result.append(UInt32(sum % base))
            carry = sum / base
        }
        result.append(UInt32(carry))
        return PaperNumber(digits: result)
    }

    /// The difference; the left number must not be smaller.
    public static func - (left: PaperNumber, right: PaperNumber) -> PaperNumber {
        var (result, borrow) = ([UInt32](), UInt64(0))
        for index in left.digits.indices {
            let difference = left.digit(index) + base - right.digit(index) - borrow
            result.append(UInt32(difference % base))
            borrow = difference < base ? 1 : 0
        }
        return PaperNumber(digits: result)
    }

    /// The product.
    public static func * (left: PaperNumber, right: PaperNumber) -> PaperNumber {
        var result = [UInt32](repeating: 0, count: left.digits.count + right.digits.count)
        for (place, digit) in left.digits.enumerated() {
            var carry: UInt64 = 0
            for index in 0..<right.digits.count {
                let sum = UInt64(result[place + index]) + UInt64(digit) * right.digit(index) + carry
                result[place + index] = UInt32(sum % base)
                carry = sum / base
            }
            result[place + right.digits.count] = UInt32(carry)
        }
        return PaperNumber(digits: result)
    }

    /// The quotient, rounded half to even. The divisor must not be zero.
    public func dividedHalfToEven(by divisor: PaperNumber) -> PaperNumber {
        // The divisor times 1, 10, 100 … and how often each goes into what is left.
        var multiples = [divisor]
        while let last = multiples.last, last < self { multiples.append(last * PaperNumber(10)) }
        var (quotient, rest) = (PaperNumber(0), self)
        for multiple in multiples.reversed() {
            var times: UInt128 = 0
            while multiple <= rest {
                rest = rest - multiple
                times += 1
            }
            quotient = quotient * PaperNumber(10) + PaperNumber(times)
        }
        let twice = rest + rest
        let isOdd = (quotient.digits.first ?? 0) % 2 == 1
        return twice > divisor || twice == divisor && isOdd ? quotient + PaperNumber(1) : quotient
    }

    private func digit(_ index: Int) -> UInt64 {
        index < digits.count ? UInt64(digits[index]) : 0
    }
}
