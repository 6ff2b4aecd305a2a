import NIOCore

/// Bytes of a stream, framed once as a chunk of HTTP/1.1 for all readers that get the same.
struct StreamChunk {
    /// How many hexadecimal digits a chunk's length is written with; leading zeros are allowed (RFC 9112, 7.1).
    private static let digits = 8

    private var buffer = ByteBuffer()

    /// An empty one.
    init() {}

    /// One with these bytes.
    init(_ text: String) {
        append(ByteBuffer(string: text))
    }

    /// Whether there is nothing in it.
    var isEmpty: Bool { buffer.readableBytes == 0 }

    /// How many bytes there are, with the frame.
    var count: Int { buffer.readableBytes }

    /// Adds bytes at the end.
    mutating func append(_ bytes: ByteBuffer) {
        if isEmpty { buffer.writeString("00000000\r\n") }
        buffer.writeImmutableBuffer(bytes)
    }

    /// What is in a chunk that ``take()`` made.
    static func body(of chunk: ByteBuffer) -> ByteBuffer {
        chunk.getSlice(at: chunk.readerIndex + digits + 2, length: chunk.readableBytes - digits - 4) ?? ByteBuffer()
    }

    /// The chunk; afterwards this one is empty. There must be something in it: an empty chunk ends a body.
    mutating func take() -> ByteBuffer {
        var length = buffer.readableBytes - Self.digits - 2
        for index in (0..<Self.digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: length & 15)
            buffer.setInteger(digit + (digit < 10 ? 0x30 : 0x57), at: index)
            length >>= 4
        }
        buffer.writeString("\r\n")
        defer { buffer = ByteBuffer() }
        return buffer
    }
}
