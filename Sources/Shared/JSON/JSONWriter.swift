/// Writes one JSON document after another into the same buffer.
///
/// It puts the commas itself. After ``reset()`` the buffer keeps its size, so that writing messages of a usual size
/// allocates nothing.
public struct JSONWriter: Sendable {
    /// The buffer; only the first ``count`` bytes are the document.
    private var storage: [UInt8]
    /// The number of bytes written since the last ``reset()``.
    public private(set) var count = 0
    /// Whether a value was just written in the array or object that is open.
    private var needsComma = false

    /// Makes a writer.
    /// - Parameter capacity: the bytes to start with; it grows when they aren't enough.
    public init(capacity: Int = 1_024) {
        storage = [UInt8](repeating: 0, count: max(capacity, 64))
    }

    /// Starts a new document.
    public mutating func reset() {
        count = 0
        needsComma = false
    }

    /// What was written, for as long as the writer isn't changed.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(first: count) }
    }

    /// Calls `body` with what was written.
    public func withUnsafeBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        try storage.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[..<count])) }
    }

    /// What was written, as a `String`.
    public var text: String {
        withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Opens an object.
    public mutating func beginObject() {
        open(UInt8(ascii: "{"))
    }

    /// Closes the object.
    public mutating func endObject() {
        close(UInt8(ascii: "}"))
    }

    /// Opens an array.
    public mutating func beginArray() {
        open(UInt8(ascii: "["))
    }

    /// Closes the array.
    public mutating func endArray() {
        close(UInt8(ascii: "]"))
    }

    /// Writes a key that needs no escapes; its value must follow.
    public mutating func key(_ name: StaticString) {
        let length = name.utf8CodeUnitCount
        append(upTo: length &+ 4, comma: needsComma) { pointer in
            pointer[0] = UInt8(ascii: "\"")
            (pointer + 1).update(from: name.utf8Start, count: length)
            pointer[length &+ 1] = UInt8(ascii: "\"")
            pointer[length &+ 2] = UInt8(ascii: ":")
            return length &+ 3
        }
        needsComma = false
    }

    /// Writes a key of any kind; its value must follow.
    public mutating func key(_ name: String) {
        string(name)
        append(upTo: 1, comma: false) { pointer in
            pointer[0] = UInt8(ascii: ":")
            return 1
        }
        needsComma = false
    }

    /// Writes a text.
    public mutating func string(_ text: String) {
        string(utf8: text.utf8.span)
    }

    /// Writes a text given as UTF-8, which must be valid.
    public mutating func string(utf8: Span<UInt8>) {
        value(upTo: utf8.count &* 6 &+ 2) { JSONWriter.write(utf8, to: $0) }
    }

    /// Writes a number.
    public mutating func price(_ price: Price) {
        value(upTo: Price.maximumTextLength) { pointer in
            price.write(into: UnsafeMutableBufferPointer(start: pointer, count: Price.maximumTextLength))
        }
    }

    /// Writes a time as RFC 3339 text.
    public mutating func eventTime(_ time: EventTime) {
        let length = EventTime.maximumTextLength
        value(upTo: length &+ 2) { pointer in
            pointer[0] = UInt8(ascii: "\"")
            let count = time.write(into: UnsafeMutableBufferPointer(start: pointer + 1, count: length))
            pointer[count &+ 1] = UInt8(ascii: "\"")
            return count &+ 2
        }
    }

    /// Writes a duration as text, such as `5m`.
    /// - Parameter microseconds: its length.
    public mutating func duration(microseconds: Int64) {
        string(TextDuration.text(microseconds: microseconds))
    }

    /// Writes a whole number.
    public mutating func integer(_ integer: Int) {
        self.integer(Int64(integer))
    }

    /// Writes a whole number.
    public mutating func integer(_ integer: Int64) {
        value(upTo: 20) { pointer in
            if integer < 0 { pointer[0] = UInt8(ascii: "-") }
            let sign = integer < 0 ? 1 : 0
            return sign &+ DecimalDigits.write(integer.magnitude, to: pointer + sign)
        }
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ bool: Bool) {
        literal(bool ? "true" : "false")
    }

    /// Writes `null`.
    public mutating func null() {
        literal("null")
    }
}

extension JSONWriter {
    private mutating func literal(_ name: StaticString) {
        value(upTo: name.utf8CodeUnitCount) { pointer in
            pointer.update(from: name.utf8Start, count: name.utf8CodeUnitCount)
            return name.utf8CodeUnitCount
        }
    }

    private mutating func open(_ bracket: UInt8) {
        value(upTo: 1) { pointer in
            pointer[0] = bracket
            return 1
        }
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        append(upTo: 1, comma: false) { pointer in
            pointer[0] = bracket
            return 1
        }
        needsComma = true
    }

    @inline(__always)
    private mutating func value(upTo limit: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        append(upTo: limit, comma: needsComma, write)
        needsComma = true
    }

    /// Makes room for `limit` bytes and a comma, and lets `write` say how many it wrote.
    @inline(__always)
    private mutating func append(upTo limit: Int, comma: Bool, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        if storage.count &- count <= limit { grow(by: limit &+ 1) }
        let start = count
        count = storage.withUnsafeMutableBufferPointer { buffer in
            guard var pointer = buffer.baseAddress else { return start }
            pointer += start
            pointer[0] = UInt8(ascii: ",")
            let separator = comma ? 1 : 0
            return start &+ separator &+ write(pointer + separator)
        }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        storage.append(contentsOf: repeatElement(0, count: max(more, storage.count)))
    }

    /// Writes a text with its quotation marks, at most 6 bytes for one; the number of bytes written.
    @inline(__always)
    private static func write(_ utf8: Span<UInt8>, to start: UnsafeMutablePointer<UInt8>) -> Int {
        var pointer = start
        pointer[0] = UInt8(ascii: "\"")
        pointer += 1
        for index in utf8.indices {
            let byte = utf8[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                pointer[0] = byte
                pointer += 1
            } else {
                pointer += escape(byte, to: pointer)
            }
        }
        pointer[0] = UInt8(ascii: "\"")
        return pointer + 1 - start
    }

    /// Writes the escape of one byte; its length.
    @inline(never)
    private static func escape(_ byte: UInt8, to pointer: UnsafeMutablePointer<UInt8>) -> Int {
        pointer[0] = UInt8(ascii: "\\")
        switch byte {
        case 0x08: pointer[1] = UInt8(ascii: "b")
        case 0x09: pointer[1] = UInt8(ascii: "t")
        case 0x0A: pointer[1] = UInt8(ascii: "n")
        case 0x0C: pointer[1] = UInt8(ascii: "f")
        case 0x0D: pointer[1] = UInt8(ascii: "r")
        case 0x00..<0x20:
            pointer[1] = UInt8(ascii: "u")
            pointer[2] = UInt8(ascii: "0")
            pointer[3] = UInt8(ascii: "0")
            pointer[4] = UInt8(ascii: "0") &+ byte >> 4
            pointer[5] = byte & 15 < 10 ? UInt8(ascii: "0") &+ byte & 15 : UInt8(ascii: "a") &+ byte & 15 &- 10
            return 6
        default: pointer[1] = byte
        }
        return 2
    }
}
