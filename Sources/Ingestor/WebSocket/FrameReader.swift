/// Reads a server's frames out of the bytes of a connection, however they are cut into pieces. A pure value.
///
/// No extension is asked for, so none may be used: a frame with a reserved bit, as compressed ones have, ends the
/// connection, and nothing is ever inflated. Limits are checked when a frame's header is read, before anything of the
/// frame is kept.
struct FrameReader: Sendable {
    private enum State {
        case start
        /// The first byte is read.
        case length(first: UInt8)
        /// A long length, of which so many bytes are missing.
        case longLength(first: UInt8, missing: Int, value: UInt64)
        /// Of the payload so many bytes are missing.
        case payload(first: UInt8, missing: Int)
    }

    private enum Opcode {
        static let continuation: UInt8 = 0
        static let text: UInt8 = 1
        static let binary: UInt8 = 2
        static let close: UInt8 = 8
        static let ping: UInt8 = 9
        static let pong: UInt8 = 10
    }

    private static let final: UInt8 = 0x80
    /// What a message's buffer may keep of its memory for the next.
    private static let keptBytes = 64 << 10

    /// The payload of the newest ping that wasn't answered yet; whoever answers it removes it. One answer to the newest of
    /// several is allowed (RFC 6455, 5.5.3), so a flood of pings costs no flood of pongs.
    var ping: [UInt8]?
    private let limit: Int
    private let connection: Int
    private var state = State.start
    /// A message that didn't come in one piece.
    private var message: [UInt8] = []
    private var isInMessage = false
    private var control: [UInt8] = []

    /// Reads from the first frame.
    /// - Parameters:
    ///   - connection: what the entries say.
    ///   - limit: bytes of a message.
    init(connection: Int, limit: Int) {
        (self.connection, self.limit) = (connection, limit)
    }

    /// Whether the connection is between two messages.
    var isBetweenMessages: Bool {
        if case .start = state { return !isInMessage }
        return false
    }

    /// Reads bytes; those of messages that are complete are appended to a batch.
    /// - Returns: why nothing more is to be read; nil when it goes on.
    mutating func read(_ bytes: Span<UInt8>, into batch: inout FeedBatch) -> FrameEnd? {
        var position = 0
        while position < bytes.count {
            switch state {
            case .start:
                let first = bytes[position]
                position += 1
                if let end = check(first) { return end }
                state = .length(first: first)
            case .length(let first):
                let byte = bytes[position]
                position += 1
                if byte & 0x80 != 0 { return .violation("a masked frame") }
                if byte > 125 && isControl(first) { return .violation("a control frame of more than 125 bytes") }
                if byte > 125 {
                    state = .longLength(first: first, missing: byte == 126 ? 2 : 8, value: 0)
                } else if let end = begin(first, length: UInt64(byte)) {
                    return end
                }
            case .longLength(let first, let missing, let value):
                let value = value << 8 | UInt64(bytes[position])
                position += 1
                if missing > 1 {
                    state = .longLength(first: first, missing: missing - 1, value: value)
                } else if let end = begin(first, length: value) {
                    return end
                }
            case .payload: break
            }
            if case .payload(let first, let missing) = state {
                let part = bytes.extracting(position..<position + min(missing, bytes.count - position))
                position += part.count
                if let end = take(part, first: first, missing: missing, into: &batch) { return end }
            }
        }
        return nil
    }

    private func isControl(_ first: UInt8) -> Bool { first & 0x08 != 0 }

    private func check(_ first: UInt8) -> FrameEnd? {
        if first & 0x70 != 0 { return .violation("a frame with reserved bits, for an extension that nobody asked for") }
        let opcode = first & 0x0F
        switch opcode {
        case Opcode.continuation: return isInMessage ? nil : .violation("a continuation of nothing")
        case Opcode.text: return isInMessage ? .violation("a new message inside another") : nil
        case Opcode.binary:
            if isInMessage { return .violation("a new message inside another") }
            // The exchanges send text alone: what comes in bytes is another protocol, which nobody behind here reads.
            return FrameEnd(code: 1003, reason: "the server sends binary messages, which nobody here understands")
        case Opcode.close, Opcode.ping, Opcode.pong:
            return first & Self.final == 0 ? .violation("a control frame in fragments") : nil
        default: return .violation("a frame of the unknown kind \(opcode)")
        }
    }

    private mutating func begin(_ first: UInt8, length: UInt64) -> FrameEnd? {
        guard isControl(first) || length <= UInt64(limit - message.count) else { return .tooLong(limit) }
        state = .payload(first: first, missing: Int(length))
        return nil
    }

    private mutating func take(
        _ part: Span<UInt8>,
        first: UInt8,
        missing: Int,
        into batch: inout FeedBatch
    ) -> FrameEnd? {
        let isComplete = part.count == missing
        state = isComplete ? .start : .payload(first: first, missing: missing - part.count)
        if isControl(first) {
            part.withUnsafeBufferPointer { control.append(contentsOf: $0) }
            return isComplete ? takeControl(first & 0x0F) : nil
        }
        let isFinal = isComplete && first & Self.final != 0
        if isFinal && message.isEmpty {
            part.withUnsafeBufferPointer { append($0, to: &batch) }
        } else {
            part.withUnsafeBufferPointer { message.append(contentsOf: $0) }
            if isFinal {
                message.withUnsafeBufferPointer { append($0, to: &batch) }
                message.removeAll(keepingCapacity: message.capacity <= Self.keptBytes)
            }
        }
        if isComplete { isInMessage = !isFinal }
        return nil
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>, to batch: inout FeedBatch) {
        let start = batch.bytes.count
        batch.bytes.append(contentsOf: bytes)
        let range = start..<batch.bytes.count
        batch.entries.append(FeedBatch.Entry(connection: connection, kind: .message(range)))
    }

    private mutating func takeControl(_ opcode: UInt8) -> FrameEnd? {
        defer { control.removeAll(keepingCapacity: true) }
        switch opcode {
        case Opcode.close: return .closed(control)
        case Opcode.ping: ping = control
        default: break  // A pong: that something came is all it says.
        }
        return nil
    }
}
