/// Bytes packed for a test, by hand: blocks that are stored as they are, and zeros.
enum Packed {
    /// gzip (RFC 1952) of one stored block; 65 535 bytes at most.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        let length = UInt16(bytes.count)
        let block: [UInt8] = [1] + little(length) + little(~length) + bytes
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + block + little(crc(bytes)) + little(UInt32(bytes.count))
    }

    /// Brotli (RFC 7932) of one block that isn't compressed; 65 536 bytes at most.
    static func brotli(_ bytes: [UInt8]) -> [UInt8] {
        let head = UInt32(bytes.count - 1) << 4 | 1 << 20
        return little(head).prefix(3) + bytes + [3]
    }

    /// gzip of so many megabytes of zeros: about a kilobyte each. Its end is missing, where the sum would stand.
    static func deflatedZeros(megabytes: Int) -> [UInt8] {
        // One block with fixed codes: a zero, then matches of length 258 at distance 1 (codes 285 and 0).
        var bits = BitWriter()
        bits.write(1, 1)
        bits.write(1, 2)
        bits.writeReversed(0x30, 8)
        for _ in 0..<(megabytes << 20) / 258 {
            bits.writeReversed(0xC5, 8)
            bits.writeReversed(0, 5)
        }
        bits.writeReversed(0, 7)
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + bits.finish()
    }

    private struct BitWriter {
        var bytes: [UInt8] = []
        var pending: UInt64 = 0
        var count: UInt64 = 0

        mutating func write(_ value: UInt64, _ bits: UInt64) {
            pending |= value << count
            count += bits
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: pending))
                pending >>= 8
                count -= 8
            }
        }

        mutating func writeReversed(_ code: UInt64, _ bits: UInt64) {
            for place in stride(from: Int(bits) - 1, through: 0, by: -1) { write(code >> UInt64(place) & 1, 1) }
        }

        mutating func finish() -> [UInt8] {
            write(0, 7)
            return bytes
        }
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
        }
    }
}
