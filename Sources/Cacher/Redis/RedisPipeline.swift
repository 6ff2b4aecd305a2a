/// Commands in Redis' own wire form (RESP), one behind the other in one buffer that keeps its memory.
///
/// Whole batches are written here and given to hiredis with a single call, so a command costs no allocation, no argument
/// vector and no pointer. It keeps the commands until ``removeAll()``: a server that has lost its scripts gets them, and then
/// the same bytes once more.
public struct RedisPipeline: Sendable {
    /// How many commands it holds.
    public private(set) var count = 0
    private var bytes: [UInt8] = []
    /// Where the open command begins, and how many arguments it has so far.
    private var start = 0
    private var argumentCount = 0

    /// Makes an empty one.
    public init() {}

    /// Takes all commands out and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
        argumentCount = 0
    }

    /// Starts the next command; its arguments follow.
    public mutating func command(_ name: String) {
        finishCommand()
        start = bytes.count
        count += 1
        append(name)
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
    public mutating func append(_ argument: UnsafeRawBufferPointer) {
        appendLength(argument.count)
        bytes.append(contentsOf: argument)
        appendLineEnd()
    }

    /// Adds one argument made of parts put behind each other, such as a key.
    public mutating func append(joining first: String, _ second: String = "", _ third: String = "") {
        appendLength(first.utf8.count + second.utf8.count + third.utf8.count)
        bytes.append(contentsOf: first.utf8)
        bytes.append(contentsOf: second.utf8)
        bytes.append(contentsOf: third.utf8)
        appendLineEnd()
    }

    /// Gives the whole pipeline's bytes to `body`.
    mutating func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        finishCommand()
        return bytes.withUnsafeBytes(body)
    }

    /// Puts `*N` before the open command, now that the number of its arguments is known.
    private mutating func finishCommand() {
        guard argumentCount > 0 else { return }
        bytes.insert(contentsOf: "*\(argumentCount)\r\n".utf8, at: start)
        argumentCount = 0
    }

    private mutating func appendLength(_ length: Int) {
        argumentCount += 1
        bytes.append(UInt8(ascii: "$"))
        bytes.append(contentsOf: String(length).utf8)
        appendLineEnd()
    }

    private mutating func appendLineEnd() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
