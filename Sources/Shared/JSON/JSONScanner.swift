/// A cursor over the bytes of one JSON document, asked for one value after another.
///
/// ```swift
/// var scanner = JSONScanner(bytes)
/// try scanner.beginObject()
/// while let key = try scanner.nextKey() {
///     if key.equals("price", in: bytes) { price = try scanner.price() } else { try scanner.skipValue() }
/// }
/// try scanner.end()
/// ```
///
/// It checks everything it passes, skipped values included, and accepts what RFC 8259 accepts: white space of four
/// kinds, no comments, no trailing commas, UTF-8 only and no byte order mark. It never traps on what the bytes hold.
public struct JSONScanner: ~Escapable {
    /// How many arrays and objects may be open at a time; the same limit as in Foundation's JSONDecoder.
    public static let maximumDepth = 512

    /// The document.
    let bytes: Span<UInt8>
    /// The next byte to be read.
    public internal(set) var position = 0
    /// How many numbers ``price()`` had to round, because they have more than 18 decimals.
    public private(set) var inexactCount = 0
    /// How many arrays and objects are open.
    private var depth = 0
    /// Whether an array or object was just opened, so that no comma is due.
    private var isFirst = false

    /// Starts at the first byte.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// What kind of value stands next.
    /// - Throws: ``JSONError`` when none does.
    public mutating func peekKind() throws(JSONError) -> JSONKind {
        let byte = try nextByte()
        guard let kind = JSONKind(firstByte: byte) else { throw JSONError(.expected("a value"), at: position) }
        return kind
    }

    /// Goes into the object that stands next; then ask for ``nextKey()`` until it is nil.
    public mutating func beginObject() throws(JSONError) {
        try begin(UInt8(ascii: "{"), "an object")
    }

    /// Goes into the array that stands next; then ask for ``nextElement()`` until it is false.
    public mutating func beginArray() throws(JSONError) {
        try begin(UInt8(ascii: "["), "an array")
    }

    /// The next key of the object, whose value must be read or skipped before the next call; nil behind the last one.
    @inline(__always)
    public mutating func nextKey() throws(JSONError) -> JSONText? {
        guard try nextMember(before: UInt8(ascii: "}"), "a comma or }") else { return nil }
        guard try nextByte() == UInt8(ascii: "\"") else { throw JSONError(.expected("a key"), at: position) }
        let key = try scanText()
        guard try nextByte() == UInt8(ascii: ":") else { throw JSONError(.expected("a colon"), at: position) }
        position &+= 1
        return key
    }

    /// Passes that key, and the comma before it, if they come next without white space.
    @inline(__always)
    mutating func passKey(_ pattern: JSONKeyPattern) -> Bool {
        var start = position
        if !isFirst {
            guard start < bytes.count, bytes[start] == UInt8(ascii: ",") else { return false }
            start &+= 1
        }
        guard pattern.matches(bytes, at: start) else { return false }
        position = start &+ pattern.count
        isFirst = false
        return true
    }

    /// Whether the array has another element, which must be read or skipped before the next call.
    public mutating func nextElement() throws(JSONError) -> Bool {
        try nextMember(before: UInt8(ascii: "]"), "a comma or ]")
    }

    /// Passes `null` if it stands next.
    @inline(__always)
    public mutating func isNull() throws(JSONError) -> Bool {
        guard try nextByte() == UInt8(ascii: "n") else { return false }
        try literal("null")
        return true
    }

    /// Reads `true` or `false`.
    public mutating func bool() throws(JSONError) -> Bool {
        switch try nextByte() {
        case UInt8(ascii: "t"):
            try literal("true")
            return true
        case UInt8(ascii: "f"):
            try literal("false")
            return false
        default: throw typeError("true or false")
        }
    }

    /// Reads a text as a range of the document's bytes.
    @inline(__always)
    public mutating func text() throws(JSONError) -> JSONText {
        guard try nextByte() == UInt8(ascii: "\"") else { throw typeError("a text") }
        return try scanText()
    }

    /// Reads a text as ``text()`` does, or an empty one for `null`.
    @inline(__always)
    public mutating func optionalText() throws(JSONError) -> JSONText {
        if try nextByte() == UInt8(ascii: "n") {
            try literal("null")
            return JSONText(start: 0, count: 0, isEscaped: false)
        }
        return try text()
    }

    /// Reads a text as a `String`.
    public mutating func string() throws(JSONError) -> String {
        try text().string(in: bytes)
    }

    /// Reads a number exactly; more than 18 decimals are rounded half to even and counted in ``inexactCount``.
    ///
    /// After ``JSONError/Kind/outOfRange`` the scanner stands behind the number, so a caller that can do without the
    /// value may go on.
    @inline(__always)
    public mutating func price() throws(JSONError) -> Price {
        let start = try beginNumber()
        let number = try JSONNumber(reading: bytes, at: &position)
        guard let (price, isInexact) = number.price(in: bytes) else { throw JSONError(.outOfRange, at: start) }
        if isInexact { inexactCount &+= 1 }
        return price
    }

    /// Reads a number as ``price()`` does, or nil for `null`.
    @inline(__always)
    public mutating func optionalPrice() throws(JSONError) -> Price? {
        if try nextByte() == UInt8(ascii: "n") {
            try literal("null")
            return nil
        }
        return try price()
    }

    /// Reads a number without decimals other than zeros; `12`, `12.0` and `1.2e1` are the same.
    ///
    /// After ``JSONError/Kind/outOfRange`` the scanner stands behind the number.
    @inline(__always)
    public mutating func integer() throws(JSONError) -> Int {
        let start = try beginNumber()
        let number = try JSONNumber(reading: bytes, at: &position)
        guard let value = number.integer(in: bytes) else { throw JSONError(.outOfRange, at: start) }
        return Int(value)
    }

    /// Reads a text that is an RFC 3339 time.
    @inline(__always)
    public mutating func eventTime() throws(JSONError) -> EventTime {
        let text = try text()
        let time = text.isEscaped ? EventTime(text.string(in: bytes)) : EventTime(utf8: text.rawBytes(in: bytes))
        guard let time else { throw JSONError(.invalidValue("the text is not an RFC 3339 time"), at: text.start) }
        return time
    }

    /// Reads a text that is a duration such as `5m`, as microseconds.
    public mutating func duration() throws(JSONError) -> Int64 {
        let text = try text()
        guard let microseconds = TextDuration.microseconds(text.string(in: bytes)) else {
            throw JSONError(
                .invalidValue("the text is not a duration such as 250ms, 10s, 5m, 1h or 7d"),
                at: text.start
            )
        }
        return microseconds
    }

    /// Reads a text that is the raw value of a case.
    public mutating func choice<Choice>() throws(JSONError) -> Choice
    where Choice: CaseIterable & RawRepresentable<String> {
        let text = try text()
        let name = text.string(in: bytes)
        guard let choice = Choice(rawValue: name) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw JSONError(.invalidValue("\(name.cut(to: 64)) is not one of \(allowed)"), at: text.start)
        }
        return choice
    }

    /// Passes a value of any kind, checking all of it.
    public mutating func skipValue() throws(JSONError) {
        switch try peekKind() {
        case .object:
            try beginObject()
            while try nextKey() != nil { try skipValue() }
        case .array:
            try beginArray()
            while try nextElement() { try skipValue() }
        case .string: _ = try scanText()
        case .number: _ = try JSONNumber(reading: bytes, at: &position)
        case .bool: _ = try bool()
        case .null: try literal("null")
        }
    }

    /// Checks that nothing but white space is left.
    public mutating func end() throws(JSONError) {
        skipWhiteSpace()
        guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
    }
}

extension JSONScanner {
    private mutating func begin(_ bracket: UInt8, _ type: String) throws(JSONError) {
        guard try nextByte() == bracket else { throw typeError(type) }
        guard depth < JSONScanner.maximumDepth else { throw JSONError(.tooDeep, at: position) }
        depth &+= 1
        position &+= 1
        isFirst = true
    }

    /// Passes the comma before another member, or the closing bracket.
    @inline(__always)
    private mutating func nextMember(before bracket: UInt8, _ expected: String) throws(JSONError) -> Bool {
        let byte = try nextByte()
        if byte == bracket {
            position &+= 1
            depth &-= 1
            isFirst = false
            return false
        }
        if isFirst {
            isFirst = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw JSONError(.expected(expected), at: position) }
        position &+= 1
        return true
    }

    @inline(__always)
    private mutating func beginNumber() throws(JSONError) -> Int {
        let byte = try nextByte()
        guard byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") <= 9 else { throw typeError("a number") }
        return position
    }

    /// The next byte that isn't white space, without passing it.
    @inline(__always)
    private mutating func nextByte() throws(JSONError) -> UInt8 {
        // What we write has no white space.
        if position < bytes.count, bytes[position] > 0x20 { return bytes[position] }
        return try nextByteBehindWhiteSpace()
    }

    @inline(never)
    private mutating func nextByteBehindWhiteSpace() throws(JSONError) -> UInt8 {
        skipWhiteSpace()
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
        return bytes[position]
    }

    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position &+= 1
            default: return
            }
        }
    }

    @inline(never)
    private mutating func literal(_ name: StaticString) throws(JSONError) {
        for offset in 0..<name.utf8CodeUnitCount {
            guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
            guard bytes[position] == name.utf8Start[offset] else {
                throw JSONError(.expected("\(name)"), at: position)
            }
            position &+= 1
        }
    }

    /// The error for a value that isn't of that type, or isn't a value at all.
    @inline(never)
    private func typeError(_ type: String) -> JSONError {
        let isValue = position < bytes.count && JSONKind(firstByte: bytes[position]) != nil
        return JSONError(isValue ? .wrongType(type) : .expected("a value"), at: position)
    }
}
