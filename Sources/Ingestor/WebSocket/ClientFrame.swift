import NIOCore
import NIOWebSocket

/// The frames that a client sends: of one piece, and masked with a new random key each.
enum ClientFrame {
    /// A frame's bytes.
    static func bytes(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>) -> ByteBuffer {
        let key = WebSocketMaskingKey.random()
        var masked = ByteBuffer(bytes: payload)
        masked.webSocketMask(key)
        let count = masked.readableBytes
        var frame = ByteBuffer()
        frame.reserveCapacity(count + 14)
        frame.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        switch count {
        case ...125: frame.writeInteger(0x80 | UInt8(count))
        case ...0xFFFF:
            frame.writeInteger(0x80 | 126 as UInt8)
            frame.writeInteger(UInt16(count))
        default:
            frame.writeInteger(0x80 | 127 as UInt8)
            frame.writeInteger(UInt64(count))
        }
        frame.writeBytes(key)
        frame.writeBuffer(&masked)
        return frame
    }

    /// A close frame's bytes.
    /// - Parameter code: why; nil says nothing.
    static func close(_ code: UInt16?) -> ByteBuffer {
        bytes(.connectionClose, code.map { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] } ?? [])
    }
}
