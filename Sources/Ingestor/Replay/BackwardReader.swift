import Glibc

/// Reads the lines of a file from its end, for files that have their newest line first.
final class BackwardReader: RecordSource {
    /// How much is read at a time.
    private static let block = 256 << 10

    let size: Int64
    private(set) var position: RecordPosition

    private let path: String
    private let descriptor: CInt
    /// Where the first line begins: behind the header.
    private let first: Int64
    /// What was read of the lines before ``position``, in file order.
    private var bytes: [UInt8] = []
    /// Where ``bytes`` stand in the file.
    private var offset: Int64
    /// How many of ``bytes`` were not handed out.
    private var end = 0

    /// Opens a file.
    /// - Parameters:
    ///   - path: the file, which mustn't be packed.
    ///   - first: where the first line begins, behind the header.
    ///   - position: where a reader of it stood before; `nil` for its end.
    /// - Throws: ``ReplayError`` when the file can't be read.
    init(path: String, first: Int64, position: RecordPosition? = nil) throws(ReplayError) {
        let file = try UnpackedFile(path: path)
        guard file.packing == .none else {
            throw ReplayError(
                "\(path) has its newest line first, and what is packed isn't read from its end: unpack it"
            )
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ReplayError("cannot open \(path): \(String(cString: strerror(errno)))") }
        self.path = path
        self.first = first
        size = file.size
        self.position = position ?? RecordPosition(offset: file.size, lines: 0)
        offset = self.position.offset
        guard first <= offset, offset <= size else {
            close(descriptor)
            throw ReplayError("\(path) ends before the place where the replay goes on")
        }
    }

    deinit {
        close(descriptor)
    }

    var progress: Double {
        size <= first ? 1 : Double(size - position.offset) / Double(size - first)
    }

    func next() throws(ReplayError) -> ReplayRecord? {
        var isTooLong = false
        while position.offset > first {
            // The line's own break, if it has one, is its last byte.
            let searched = end > 0 && bytes[end - 1] == 10 ? end - 1 : end
            let newline = bytes[..<searched].lastIndex(of: 10)
            if newline == nil, offset > first {
                if end > RecordReader.longest {
                    isTooLong = true
                    end = 0
                }
                try readBefore()
                continue
            }
            let start = newline.map { $0 + 1 } ?? 0
            var range = start..<end
            end = start
            position.offset = offset + Int64(start)
            position.lines += 1
            while let last = range.last, bytes[last] == 10 || bytes[last] == 13 { range = range.dropLast() }
            if isTooLong || range.count > RecordReader.longest {
                return ReplayRecord(range: start..<start, line: position.lines, isTooLong: true)
            }
            if !range.isEmpty { return ReplayRecord(range: range, line: position.lines, isTooLong: false) }
        }
        return nil
    }

    func withBytes<Result, Failure>(
        of record: ReplayRecord,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = bytes
        return try body(bytes.span.extracting(record.range))
    }

    /// Puts what stands before in the file in front of what is there.
    private func readBefore() throws(ReplayError) {
        let wanted = Int(min(Int64(Self.block), offset - first))
        var more = [UInt8](repeating: 0, count: wanted)
        var filled = 0
        while filled < wanted {
            let left = wanted - filled
            let count = more.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress.map { $0 + filled }, left, off_t(offset) - off_t(left))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw ReplayError(
                    count == 0 ? "\(path) became shorter" : "cannot read \(path): \(String(cString: strerror(errno)))"
                )
            }
            filled += count
        }
        offset -= Int64(wanted)
        bytes = more + bytes[..<end]
        end = bytes.count
    }
}
