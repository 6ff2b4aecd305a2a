import CZlib
import CZstd

/// Bytes packed by zlib and zstd, for tests.
enum Compressed {
    /// gzip, of one member.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream,
            6,
            Z_DEFLATED,
            15 + 16,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        defer { deflateEnd(&stream) }
        var bytes = bytes
        var packed = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        let room = packed.count
        let left = bytes.withUnsafeMutableBufferPointer { input in
            packed.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                deflate(&stream, Z_FINISH)
                return Int(stream.avail_out)
            }
        }
        return Array(packed.prefix(room - left))
    }

    /// Zstandard, of one frame with a checksum, as the program `zstd` writes it.
    static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        var packed = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let count = ZSTD_compress2(context, &packed, packed.count, bytes, bytes.count)
        return Array(packed.prefix(count))
    }

    /// Zstandard of so many MiB of one byte: 32 bytes each.
    static func zstdBomb(of byte: UInt8, mebibytes: Int) -> [UInt8] {
        // A frame without a sum and its size, with a window of 128 KiB (RFC 8878, 3.1.1); blocks of one repeated byte.
        var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0, 7 << 3]
        let blocks = mebibytes * 8
        for number in 0..<blocks {
            let header = UInt32(number == blocks - 1 ? 1 : 0) | 1 << 1 | (128 << 10) << 3
            bytes += (0..<3).map { UInt8(truncatingIfNeeded: header >> ($0 * 8)) } + [byte]
        }
        return bytes
    }
}
