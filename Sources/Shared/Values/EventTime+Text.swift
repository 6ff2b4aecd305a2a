/// Instants as RFC 3339 text.
extension EventTime {
    /// The longest text of an instant, for the years that RFC 3339 doesn't have as well.
    public static let maximumTextLength = 32

    /// Reads RFC 3339: `2026-11-22T20:35:00.123Z`, or with an offset such as `+01:00`; nil when it isn't that.
    ///
    /// Up to 9 digits of fraction are allowed and cut off after the microseconds. `t`, `z` and a space for the `T` are
    /// accepted, as RFC 3339 suggests; the second 60 is not, because there is no such event time.
    public init?(_ text: some StringProtocol) {
        let string = String(text)
        self.init(utf8: string.utf8.span)
    }

    /// Reads RFC 3339 from bytes; nil when they aren't that.
    public init?(utf8 bytes: Span<UInt8>) {
        if let time = EventTime(asWritten: bytes) {
            self = time
            return
        }
        guard bytes.count >= 20,
            let year = EventTime.digits(4, in: bytes, at: 0), bytes[4] == UInt8(ascii: "-"),
            let month = EventTime.digits(2, in: bytes, at: 5), bytes[7] == UInt8(ascii: "-"),
            let day = EventTime.digits(2, in: bytes, at: 8),
            bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == UInt8(ascii: " "),
            let hour = EventTime.digits(2, in: bytes, at: 11), bytes[13] == UInt8(ascii: ":"),
            let minute = EventTime.digits(2, in: bytes, at: 14), bytes[16] == UInt8(ascii: ":"),
            let second = EventTime.digits(2, in: bytes, at: 17),
            EventTime.exists(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        var index = 19
        guard let fraction = EventTime.fraction(in: bytes, at: &index),
            let offset = EventTime.offsetMinutes(in: bytes, at: &index),
            index == bytes.count
        else { return nil }
        let days = CivilCalendar.days(year: year, month: month, day: day)
        let seconds = days &* 86_400 &+ hour &* 3_600 &+ (minute &- offset) &* 60 &+ second
        let time = EventTime(microseconds: seconds &* 1_000_000 &+ fraction)
        guard time >= .earliest, time <= .latest else { return nil }
        self = time
    }

    /// Reads the forms in which times are written here, `2026-11-22T20:35:00.123Z` and with six digits behind the point, words
    /// at once; nil for anything else, which may be a time all the same.
    @inline(__always)
    private init?(asWritten bytes: Span<UInt8>) {
        guard bytes.count == 24 || bytes.count == 27 else { return nil }
        // 0000-00- and 00T00:00, the first byte lowest.
        let date = DigitWord(bytes, at: 0, pattern: 0x2D30_302D_3030_3030)
        let minutes = DigitWord(bytes, at: 8, pattern: 0x3030_3A30_3054_3030)
        guard date.isDigits(separators: 0xFF00_00FF_0000_0000), minutes.isDigits(separators: 0x0000_FF00_00FF_0000)
        else { return nil }
        let seconds: DigitWord
        let fraction: Int64
        if bytes.count == 24 {
            // :00.000Z
            seconds = DigitWord(bytes, at: 16, pattern: 0x5A30_3030_2E30_303A)
            guard seconds.isDigits(separators: 0xFF00_0000_FF00_00FF) else { return nil }
            fraction = (seconds.pair(at: 4) &* 10 &+ seconds.digit(at: 6)) &* 1_000
        } else {
            // :00.0000 and .000000Z
            seconds = DigitWord(bytes, at: 16, pattern: 0x3030_3030_2E30_303A)
            let end = DigitWord(bytes, at: 19, pattern: 0x5A30_3030_3030_302E)
            guard seconds.isDigits(separators: 0x0000_0000_FF00_00FF), end.isDigits(separators: 0xFF00_0000_0000_00FF)
            else { return nil }
            fraction = (end.pair(at: 1) &* 100 &+ end.pair(at: 3)) &* 100 &+ end.pair(at: 5)
        }
        let (year, month, day) = (date.pair(at: 0) &* 100 &+ date.pair(at: 2), date.pair(at: 5), minutes.pair(at: 0))
        let (hour, minute, second) = (minutes.pair(at: 3), minutes.pair(at: 6), seconds.pair(at: 1))
        guard EventTime.exists(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        let days = CivilCalendar.days(year: year, month: month, day: day)
        let wholeSeconds = days &* 86_400 &+ hour &* 3_600 &+ minute &* 60 &+ second
        self = EventTime(microseconds: wholeSeconds &* 1_000_000 &+ fraction)
    }

    /// Whether there is such a second in the calendar; none of the numbers is negative.
    @inline(__always)
    private static func exists(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) -> Bool
    {
        month >= 1 && month <= 12 && day >= 1 && hour < 24 && minute < 60 && second < 60
            && (day <= 28 || day <= CivilCalendar.dayCount(year: year, month: month))
    }

    /// Writes RFC 3339 in UTC: 3 digits of fraction, 6 when there are microseconds, and `Z`.
    ///
    /// A year that RFC 3339 doesn't have gets a sign or more digits; no such instant comes out of reading.
    /// - Parameter buffer: at least ``maximumTextLength`` bytes.
    /// - Returns: the number of bytes written.
    public func write(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        precondition(buffer.count >= EventTime.maximumTextLength)
        guard let base = buffer.baseAddress else { return 0 }
        let seconds = unixSeconds
        let fraction = UInt64(truncatingIfNeeded: microseconds &- seconds &* 1_000_000)
        let days = (seconds >= 0 ? seconds : seconds &- 86_399) / 86_400
        let secondOfDay = UInt64(truncatingIfNeeded: seconds &- days &* 86_400)
        let (year, month, day) = CivilCalendar.date(days: days)

        var pointer = base
        if year < 0 {
            pointer[0] = UInt8(ascii: "-")
            pointer += 1
        }
        if year.magnitude < 10_000 {
            DecimalDigits.write(year.magnitude, count: 4, to: pointer)
            pointer += 4
        } else {
            pointer += DecimalDigits.write(year.magnitude, to: pointer)
        }
        let minuteOfDay = secondOfDay / 60
        pointer = EventTime.write(UInt64(truncatingIfNeeded: month), after: "-", to: pointer)
        pointer = EventTime.write(UInt64(truncatingIfNeeded: day), after: "-", to: pointer)
        pointer = EventTime.write(minuteOfDay / 60, after: "T", to: pointer)
        pointer = EventTime.write(minuteOfDay % 60, after: ":", to: pointer)
        pointer = EventTime.write(secondOfDay % 60, after: ":", to: pointer)
        pointer[0] = UInt8(ascii: ".")
        if fraction % 1_000 == 0 {
            DecimalDigits.write(fraction / 1_000, count: 3, to: pointer + 1)
            pointer += 4
        } else {
            DecimalDigits.write(fraction, count: 6, to: pointer + 1)
            pointer += 7
        }
        pointer[0] = UInt8(ascii: "Z")
        return pointer + 1 - base
    }

    /// The value of `count` digits at `start`, which must be within the bytes; nil when one of them isn't a digit.
    @inline(__always)
    private static func digits(_ count: Int, in bytes: Span<UInt8>, at start: Int) -> Int64? {
        var value: Int64 = 0
        for index in start..<(start &+ count) {
            let digit = bytes[index] &- UInt8(ascii: "0")
            if digit > 9 { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        return value
    }

    /// Reads a point and 1 to 9 digits, if there is a point: microseconds, or nil.
    @inline(__always)
    private static func fraction(in bytes: Span<UInt8>, at index: inout Int) -> Int64? {
        guard bytes[index] == UInt8(ascii: ".") else { return 0 }
        index &+= 1
        let start = index
        var value: Int64 = 0
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") <= 9 {
            if index &- start < 6 { value = value &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0")) }
            index &+= 1
        }
        let count = index &- start
        switch count {
        case 3: return value &* 1_000
        case 6...9: return value
        case 1: return value &* 100_000
        case 2: return value &* 10_000
        case 4: return value &* 100
        case 5: return value &* 10
        default: return nil
        }
    }

    /// Reads `Z` or `±hh:mm`: minutes east of UTC, or nil.
    @inline(__always)
    private static func offsetMinutes(in bytes: Span<UInt8>, at index: inout Int) -> Int64? {
        guard index < bytes.count else { return nil }
        let sign = bytes[index]
        if sign | 0x20 == UInt8(ascii: "z") {
            index &+= 1
            return 0
        }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), bytes.count &- index == 6,
            let hours = digits(2, in: bytes, at: index &+ 1), bytes[index &+ 3] == UInt8(ascii: ":"),
            let minutes = digits(2, in: bytes, at: index &+ 4), hours < 24, minutes < 60
        else { return nil }
        index &+= 6
        let offset = hours &* 60 &+ minutes
        return sign == UInt8(ascii: "-") ? 0 &- offset : offset
    }

    /// Writes a separator and two digits; the pointer behind them.
    @inline(__always)
    private static func write(
        _ value: UInt64,
        after separator: Unicode.Scalar,
        to pointer: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        pointer[0] = UInt8(ascii: separator)
        DecimalDigits.writePair(value, to: pointer + 1)
        return pointer + 3
    }
}

extension EventTime: CustomStringConvertible {
    /// RFC 3339 in UTC, with milliseconds, or microseconds when there are some.
    public var description: String {
        String(unsafeUninitializedCapacity: EventTime.maximumTextLength) { write(into: $0) }
    }
}
