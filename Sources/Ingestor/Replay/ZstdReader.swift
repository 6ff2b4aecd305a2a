import CZstd

/// Unpacks Zstandard, frame by frame.
final class ZstdReader {
    /// The largest window that a file may want: 128 MiB, as the program `zstd` allows without being told otherwise. What
    /// unpacking holds in memory is that and a few hundred KiB.
    static let largestWindow: CInt = 27

    private let stream: OpaquePointer
    private var input = [UInt8](repeating: 0, count: ZSTD_DStreamInSize())
    private var start = 0
    private var end = 0
    /// What zstd still expects of the frame; 0 between two frames.
    private var expected = 0
    /// Whether it may have more without more input.
    private var mayHaveMore = false

    /// Makes a reader at the start of a file.
    /// - Throws: ``ReplayError`` when there is no memory.
    init() throws(ReplayError) {
        guard let stream = ZSTD_createDStream() else { throw ReplayError("there is no memory to unpack zstd") }
        self.stream = stream
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Self.largestWindow)
    }

    deinit {
        ZSTD_freeDStream(stream)
    }

    /// Reads the next unpacked bytes.
    /// - Parameter more: fills a buffer with packed bytes, and says how many; 0 at the end of the file.
    /// - Returns: how many; 0 at the end of the file.
    /// - Throws: ``ReplayError`` when the file is damaged or cut off; what `more` throws.
    func read(
        into buffer: UnsafeMutableRawBufferPointer,
        more: (UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int
    ) throws(ReplayError) -> Int {
        while true {
            if start == end, !mayHaveMore {
                let count = try fill(more)
                if count == 0 {
                    guard expected == 0 else {
                        throw ReplayError("the replay file is cut off: a frame of zstd does not end")
                    }
                    return 0
                }
                (start, end) = (0, count)
            }
            let written = try step(into: buffer)
            if written > 0 { return written }
        }
    }

    private func fill(_ more: (UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int) throws(ReplayError) -> Int {
        var failure: ReplayError?
        let count = input.withUnsafeMutableBytes { bytes in
            do throws(ReplayError) { return try more(bytes) } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return count
    }

    private func step(into buffer: UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        let from = start
        let result = input.withUnsafeBytes { bytes in
            var packed = ZSTD_inBuffer(src: bytes.baseAddress, size: end, pos: from)
            let result = ZSTD_decompressStream(stream, &output, &packed)
            start = packed.pos
            return result
        }
        guard ZSTD_isError(result) == 0 else {
            throw ReplayError("the replay file is damaged: zstd says \(String(cString: ZSTD_getErrorName(result)))")
        }
        expected = result
        mayHaveMore = output.pos == output.size
        return output.pos
    }
}
