import Shared

/// Commands in Redis' own wire form (RESP), one behind the other in one buffer that keeps its memory.
///
/// Whole batches are written here and given to hiredis with a single call, so a command costs no allocation, no argument
/// vector and no pointer. It keeps the commands until ``removeAll()``: a server that has lost its scripts gets them, and then
/// the same bytes once more.
public struct RedisPipeline: Sendable {
    /// How many commands it holds.
    public private(set) var count = 0
    /// The buffer; only the first ``byteCount`` bytes are commands.
    private var storage = [UInt8](repeating: 0, count: 4_096)
    /// How many bytes they are; before ``withBytes(_:)`` without the head of a command that is open.
    private(set) var byteCount = 0
    /// Where the open command begins, and how many arguments it has so far; 0 when its head stands already.
    private var start = 0
    private var argumentCount = 0

    /// Makes an empty one.
    public init() {}

    /// Takes all commands out and keeps the memory.
    public mutating func removeAll() {
        removeBytes()
        count = 0
    }

    /// Takes all bytes out, which were sent, and goes on counting.
    mutating func removeBytes() {
        byteCount = 0
        argumentCount = 0
    }

    /// Starts the next command; its arguments follow.
    public mutating func command(_ name: String) {
        finishCommand()
        start = byteCount
        count += 1
        append(name)
    }

    /// Starts a command of which the number of arguments is known, its name among them; they follow by the methods that
    /// are called `argument`.
    mutating func command(_ name: StaticString, arguments: Int) {
        finishCommand()
        count += 1
        write(upTo: 24) { pointer in
            pointer[0] = UInt8(ascii: "*")
            let digits = RedisPipeline.write(arguments, to: pointer + 1)
            return RedisPipeline.endLine(pointer + 1 + digits) - pointer
        }
        argument(name)
    }

    /// Adds an argument to the command.
    public mutating func append(_ text: String) {
        append(joining: text)
    }

    /// Adds a number, as decimal text, to the command.
    public mutating func append(_ number: Int64) {
        append(joining: String(number))
    }

    /// Adds an argument of any bytes to the command.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        argumentCount += 1
        argument(bytes)
    }

    /// Adds one argument made of parts put behind each other, such as a key.
    public mutating func append(joining first: String, _ second: String = "", _ third: String = "") {
        argumentCount += 1
        argument(first.utf8.span, second.utf8.span, third.utf8.span)
    }

    /// Gives the whole pipeline's bytes to `body`.
    mutating func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        finishCommand()
        return storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<byteCount])) }
    }

    /// Puts `*N` before the open command, now that the number of its arguments is known.
    private mutating func finishCommand() {
        guard argumentCount > 0 else { return }
        let head = Array("*\(argumentCount)\r\n".utf8)
        let length = byteCount - start
        write(upTo: head.count) { _ in head.count }
        storage.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (base + start + head.count).copyMemory(from: base + start, byteCount: length)
            for (index, byte) in head.enumerated() { bytes[start + index] = byte }
        }
        argumentCount = 0
    }
}

/// Arguments of a command whose head stands already.
extension RedisPipeline {
    /// Adds a word.
    @inline(__always)
    mutating func argument(_ word: StaticString) {
        argument(UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    /// Adds bytes.
    mutating func argument(_ bytes: UnsafeRawBufferPointer) {
        write(upTo: bytes.count &+ 24) { pointer in
            var end = RedisPipeline.startArgument(bytes.count, at: pointer)
            if let source = bytes.baseAddress {
                UnsafeMutableRawPointer(end).copyMemory(from: source, byteCount: bytes.count)
            }
            end += bytes.count
            return RedisPipeline.endLine(end) - pointer
        }
    }

    /// Adds bytes, parts of one argument.
    @inline(__always)
    mutating func argument(_ first: [UInt8], _ second: [UInt8], _ third: [UInt8] = []) {
        argument(first.span, second.span, third.span)
    }

    /// Adds bytes.
    mutating func argument(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { argument($0) }
    }

    /// Adds bytes, parts of one argument.
    mutating func argument(_ first: Span<UInt8>, _ second: Span<UInt8> = Span(), _ third: Span<UInt8> = Span()) {
        let length = first.count &+ second.count &+ third.count
        write(upTo: length &+ 24) { pointer in
            var end = RedisPipeline.startArgument(length, at: pointer)
            end = RedisPipeline.copy(first, to: end)
            end = RedisPipeline.copy(second, to: end)
            end = RedisPipeline.copy(third, to: end)
            return RedisPipeline.endLine(end) - pointer
        }
    }

    /// Adds a number.
    mutating func argument(_ number: Int64) {
        short { pointer in
            if number < 0 { pointer[0] = UInt8(ascii: "-") }
            let sign = number < 0 ? 1 : 0
            return sign &+ RedisPipeline.write(magnitude: number.magnitude, to: pointer + sign)
        }
    }

    /// Adds a price as a plain decimal number.
    mutating func argument(_ price: Price) {
        short { price.write(into: UnsafeMutableBufferPointer(start: $0, count: Price.maximumTextLength)) }
    }

    /// Adds a time as RFC 3339 text.
    mutating func argument(_ time: EventTime) {
        short { time.write(into: UnsafeMutableBufferPointer(start: $0, count: EventTime.maximumTextLength)) }
    }

    /// Adds an argument of 1 to 99 bytes, whose length is known when it is written.
    @inline(__always)
    private mutating func short(_ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        write(upTo: 108) { pointer in
            let length = body(pointer + 5)
            pointer[0] = UInt8(ascii: "$")
            var end = pointer + 5
            if length < 10 {
                pointer[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: length)
                end = RedisPipeline.endLine(pointer + 2)
                UnsafeMutableRawPointer(end).copyMemory(from: pointer + 5, byteCount: length)
            } else {
                pointer[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: length / 10)
                pointer[2] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: length % 10)
                _ = RedisPipeline.endLine(pointer + 3)
            }
            return RedisPipeline.endLine(end + length) - pointer
        }
    }

    /// Makes room for `limit` bytes, and lets `body` say how many it wrote.
    @inline(__always)
    private mutating func write(upTo limit: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        if storage.count &- byteCount < limit { grow(by: limit) }
        byteCount &+= storage.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return body(base + byteCount)
        }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        storage.append(contentsOf: repeatElement(0, count: max(more, storage.count)))
    }

    @inline(__always)
    private static func startArgument(_ length: Int, at pointer: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<
        UInt8
    > {
        pointer[0] = UInt8(ascii: "$")
        return endLine(pointer + 1 + write(length, to: pointer + 1))
    }

    @inline(__always)
    private static func endLine(_ pointer: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        pointer[0] = UInt8(ascii: "\r")
        pointer[1] = UInt8(ascii: "\n")
        return pointer + 2
    }

    @inline(__always)
    private static func copy(_ bytes: Span<UInt8>, to pointer: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<
        UInt8
    > {
        bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { pointer.update(from: base, count: source.count) }
        }
        return pointer + bytes.count
    }

    @inline(__always)
    private static func write(_ length: Int, to pointer: UnsafeMutablePointer<UInt8>) -> Int {
        write(magnitude: UInt64(truncatingIfNeeded: length), to: pointer)
    }

    /// Writes decimal digits; how many.
    @inline(__always)
    private static func write(magnitude: UInt64, to pointer: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 1
        var limit = magnitude / 10
        while limit > 0 {
            limit /= 10
            count &+= 1
        }
        var rest = magnitude
        for index in stride(from: count &- 1, through: 0, by: -1) {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            pointer[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
        return count
    }
}
