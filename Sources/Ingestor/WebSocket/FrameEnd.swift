/// Why nothing more is read from a connection: the server has closed it, or breaks the protocol.
struct FrameEnd: Sendable, Hashable {
    /// What the close frame that answers it says; nil for an empty one.
    var code: UInt16?
    /// What happened, in one line.
    var reason: String

    /// The server has said something that RFC 6455 forbids.
    static func violation(_ what: String) -> FrameEnd {
        FrameEnd(code: 1002, reason: "the server breaks the WebSocket protocol: \(what)")
    }

    /// A message is longer than may be.
    static func tooLong(_ limit: Int) -> FrameEnd {
        FrameEnd(code: 1009, reason: "the server sends a message of more than \(limit) bytes")
    }

    /// The server's close frame.
    /// - Parameter payload: nothing, or a code of two bytes and a text.
    static func closed(_ payload: [UInt8]) -> FrameEnd {
        if payload.isEmpty { return FrameEnd(code: nil, reason: "the server closed the connection") }
        guard payload.count >= 2 else { return violation("a close frame has one byte") }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        let text = Excerpt.text(payload.dropFirst(2))
        return FrameEnd(
            code: maySay(code) ? code : 1002,
            reason: "the server closed the connection with \(code)\(text.isEmpty ? "" : ": \(text)")"
        )
    }

    /// Whether a close frame may hold this code (RFC 6455, 7.4).
    private static func maySay(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
