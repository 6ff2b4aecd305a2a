import CZlib

/// What zlib does for the answers.
enum Compression {
    /// The bytes in gzip's form; nil if there is no memory for it.
    static func gzip(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var stream = z_stream()
        // 15 bits of window, and 16 for gzip's header and trailer.
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(&stream, 5, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        let limit = Int(deflateBound(&stream, UInt(bytes.count)))
        let result = [UInt8](unsafeUninitializedCapacity: limit) { room, count in
            stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(clamping: bytes.count)
            stream.next_out = room.baseAddress
            stream.avail_out = UInt32(clamping: limit)
            count = deflate(&stream, Z_FINISH) == Z_STREAM_END ? limit - Int(stream.avail_out) : 0
        }
        return result.isEmpty ? nil : result
    }

    /// A weak entity tag: the same for the same bytes in every replica, whatever they are compressed to.
    static func tag(of bytes: UnsafeRawBufferPointer) -> String {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let count = UInt32(clamping: bytes.count)
        let sums = UInt64(crc32(0, start, count)) << 32 | UInt64(adler32(1, start, count))
        return "W/\"\(String(sums, radix: 36))\""
    }
}
