import Shared

/// The text of instants that follow each other closely: the part up to the second is made once a second.
struct SecondText {
    private var second = Int64.min
    private var microseconds: Int64 = 0
    private var head: [UInt8] = []

    /// Moves to an instant.
    @inline(__always)
    mutating func move(to time: EventTime) {
        // Rounded down before 1970 too.
        let whole = (time.microseconds - (time.microseconds < 0 ? 999_999 : 0)) / 1_000_000
        microseconds = time.microseconds - whole * 1_000_000
        if whole != second {
            second = whole
            head = Array(EventTime(microseconds: whole * 1_000_000).description.utf8.prefix { $0 != UInt8(ascii: ".") })
        }
    }

    /// Writes the instant as ``EventTime`` does: milliseconds, or microseconds when there are some.
    @inline(__always)
    func write(to text: inout TextCursor) {
        text.write(head)
        text.write(".")
        if microseconds % 1_000 == 0 {
            text.writeDigits(UInt64(microseconds / 1_000), count: 3)
        } else {
            text.writeDigits(UInt64(microseconds), count: 6)
        }
        text.write("Z")
    }
}
