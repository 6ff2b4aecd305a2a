/// Whether a line break at some place of a CSV text stands inside quotes. A quote opens only at the start of a field;
/// one in the middle of a field is an error in that record and must not swallow the records after it.
struct CSVQuotes {
    private enum State {
        case fieldStart, plain, quoted, quoteInQuoted
    }

    private var state = State.fieldStart

    /// True inside quotes.
    var isOpen: Bool { state == .quoted }

    /// Moves over bytes of one line, without its line break.
    mutating func scan(_ line: Span<UInt8>) {
        for index in line.indices {
            let byte = line[index]
            switch (state, byte) {
            case (.fieldStart, UInt8(ascii: "\"")), (.quoteInQuoted, UInt8(ascii: "\"")): state = .quoted
            case (.quoted, UInt8(ascii: "\"")): state = .quoteInQuoted
            case (.quoted, _): break
            case (_, UInt8(ascii: ",")): state = .fieldStart
            default: state = .plain
            }
        }
    }

    /// Moves over the line break after a line that ended inside quotes.
    mutating func scanLineBreak() {
        if state != .quoted { state = .fieldStart }
    }
}
