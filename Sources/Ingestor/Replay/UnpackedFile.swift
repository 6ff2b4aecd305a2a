import CZlib
import Glibc

/// The bytes of a file in their order, unpacked where it is packed. However much a file unpacks to, only what is asked for is
/// in memory, and of zstd the window that the file wants (``ZstdReader/largestWindow``).
final class UnpackedFile {
    /// How much of the packed file zlib reads at a time.
    private static let gzipBuffer: UInt32 = 128 << 10

    /// The size of the file on the disk.
    let size: Int64
    /// How it is packed.
    let packing: Packing

    private let path: String
    private let descriptor: CInt
    private var gzip: gzFile?
    private var zstd: ZstdReader?

    /// Opens a file.
    /// - Throws: ``ReplayError`` when it can't be read, or is packed in a way that isn't known.
    init(path: String) throws(ReplayError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ReplayError("cannot open \(path): \(Self.reason)")
        }
        do throws(ReplayError) {
            var information = stat()
            guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
                throw ReplayError("\(path) is not a regular file")
            }
            size = Int64(information.st_size)
            var first = [UInt8](repeating: 0, count: Packing.lookedAt)
            let count = pread(descriptor, &first, first.count, 0)
            guard count >= 0 else { throw ReplayError("cannot read \(path): \(Self.reason)") }
            packing = try Packing(firstBytes: Array(first.prefix(count)))
            switch packing {
            case .none: break
            case .zstd: zstd = try ZstdReader()
            case .gzip:
                // Both share one position, which is what zlib has read of the file.
                let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
                gzip = own < 0 ? nil : gzdopen(own, "rb")
                guard let gzip else {
                    if own >= 0 { close(own) }
                    throw ReplayError("there is no memory to unpack \(path)")
                }
                gzbuffer(gzip, Self.gzipBuffer)
            }
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit {
        if let gzip { gzclose_r(gzip) }
        close(descriptor)
    }

    /// How many bytes of the file on the disk have been read.
    var readOfDisk: Int64 {
        max(0, Int64(lseek(descriptor, 0, SEEK_CUR)))
    }

    /// Reads the next bytes.
    /// - Returns: how many; 0 at the end of the file.
    /// - Throws: ``ReplayError`` when reading fails, or what is packed is damaged or cut off.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int {
        if let gzip { return try read(gzip, into: buffer) }
        guard let zstd else { return try readDisk(into: buffer) }
        return try zstd.read(into: buffer) { (input) throws(ReplayError) in try readDisk(into: input) }
    }

    /// Moves to a place that was reached before; what is packed is unpacked again up to it.
    /// - Parameters:
    ///   - offset: how many unpacked bytes are before it.
    ///   - whileReading: called now and then.
    /// - Throws: ``ReplayError`` when the file has no such place any more.
    func skip(to offset: Int64, whileReading: () throws(ReplayError) -> Void) throws(ReplayError) {
        if packing == .none {
            guard offset <= size, lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else {
                throw ReplayError("\(path) ends before the place where the replay goes on")
            }
            return
        }
        var left = offset
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 1)
        defer { room.deallocate() }
        while left > 0 {
            try whileReading()
            let part = UnsafeMutableRawBufferPointer(rebasing: room[..<Int(min(left, Int64(room.count)))])
            let count = try read(into: part)
            guard count > 0 else { throw ReplayError("\(path) ends before the place where the replay goes on") }
            left -= Int64(count)
        }
    }

    private func readDisk(into buffer: UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw ReplayError("cannot read \(path): \(Self.reason)") }
        }
    }

    private func read(_ gzip: gzFile, into buffer: UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int {
        let count = gzread(gzip, buffer.baseAddress, UInt32(clamping: min(buffer.count, Int(Int32.max))))
        if count > 0 { return Int(count) }
        var code = Z_OK
        let words = gzerror(gzip, &code).map { String(cString: $0) } ?? ""
        if count == 0, code == Z_OK || code == Z_STREAM_END { return 0 }
        throw ReplayError("\(path) is damaged or cut off: \(code == Z_ERRNO ? Self.reason : words)")
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
