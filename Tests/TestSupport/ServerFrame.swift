/// The bytes of WebSocket frames as a server sends them, also of those that no server should send.
public enum ServerFrame {
    /// A frame.
    /// - Parameters:
    ///   - opcode: 1 text, 2 binary, 0 continuation, 8 close, 9 ping, 10 pong.
    ///   - isFinal: whether no fragment follows.
    ///   - reserved: the three bits that extensions use, as 0x40, 0x20 and 0x10.
    ///   - isMasked: as only a client may; with the key 0.
    ///   - claimed: the length in the header, when it isn't the payload's.
    public static func bytes(
        _ opcode: UInt8,
        _ payload: [UInt8],
        isFinal: Bool = true,
        reserved: UInt8 = 0,
        isMasked: Bool = false,
        claimed: Int? = nil
    ) -> [UInt8] {
        let length = claimed ?? payload.count
        let mask: UInt8 = isMasked ? 0x80 : 0
        var frame = [(isFinal ? 0x80 : 0) | reserved | opcode]
        switch length {
        case ...125: frame.append(mask | UInt8(length))
        case ...0xFFFF: frame += [mask | 126] + bigEndian(length, bytes: 2)
        default: frame += [mask | 127] + bigEndian(length, bytes: 8)
        }
        return frame + (isMasked ? [0, 0, 0, 0] : []) + payload
    }

    /// A text message in one frame.
    public static func text(_ text: String) -> [UInt8] { bytes(1, Array(text.utf8)) }

    /// A close frame.
    public static func close(_ code: UInt16, _ reason: String = "") -> [UInt8] {
        bytes(8, bigEndian(Int(code), bytes: 2) + Array(reason.utf8))
    }

    private static func bigEndian(_ value: Int, bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
