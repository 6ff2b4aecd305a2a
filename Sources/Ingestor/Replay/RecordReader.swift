import Glibc

/// Reads a file record by record, with one buffer and no copy per record. A record is a line; in CSV it may span lines
/// inside quotes (RFC 4180).
final class RecordReader {
    /// Where a record stands.
    struct Record {
        /// Where its bytes stand in the reader's buffer, without the line break.
        fileprivate var range: Range<Int>
        /// The number of its first line, from 1.
        var line: Int
        /// True when it is longer than ``longest`` bytes; only its start is there then.
        var isTooLong: Bool
    }

    /// A place in the file between two records.
    struct Position: Sendable, Hashable {
        /// Bytes before it.
        var offset: Int64 = 0
        /// Lines before it.
        var lines = 0
    }

    /// The longest record in bytes; a longer one is reported and skipped.
    static let longest = 256 << 10

    /// The size of the file when it was opened.
    let size: Int64
    /// Where the next record starts.
    private(set) var position: Position

    private var bytes: [UInt8]
    private let descriptor: CInt
    private let quoted: Bool
    private var start = 0
    private var end = 0
    private var atEnd = false

    /// Opens a file.
    /// - Parameters:
    ///   - path: the file.
    ///   - quoted: whether a line break inside quotes belongs to the record, as in CSV.
    /// A byte order mark at the beginning of the file is skipped.
    /// - Throws: ``ReplayError`` when the file cannot be read.
    init(path: String, quoted: Bool) throws(ReplayError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ReplayError("cannot open \(path): \(Self.reason)")
        }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ReplayError("\(path) is not a regular file")
        }
        size = Int64(information.st_size)
        self.quoted = quoted
        position = Position()
        bytes = [UInt8](repeating: 0, count: Self.longest * 4)
        try fill()
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            start = 3
            position.offset = 3
        }
    }

    deinit {
        close(descriptor)
    }

    /// The next record that is not blank.
    /// - Returns: `nil` at the end of the file.
    /// - Throws: ``ReplayError`` when reading fails.
    func next() throws(ReplayError) -> Record? {
        while true {
            guard let (length, lines, isTooLong) = try measure() else {
                return nil
            }
            var range = start..<(start + length)
            let line = position.lines + 1
            advance(to: range.upperBound, lines: lines)
            if isTooLong {
                try passOverLine()
                return Record(range: range, line: line, isTooLong: true)
            }
            while let last = range.last, bytes[last] == 10 || bytes[last] == 13 {
                range = range.dropLast()
            }
            if !range.isEmpty {
                return Record(range: range, line: line, isTooLong: false)
            }
        }
    }

    /// Calls `body` with a record's bytes; only for the record that came last.
    func withBytes<Result, Failure>(
        of record: Record,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = bytes
        return try body(bytes.span.extracting(record.range))
    }

    /// The length of the next record with its line break, and how many lines it has.
    private func measure() throws(ReplayError) -> (length: Int, lines: Int, isTooLong: Bool)? {
        var firstLine: Int?
        var lines = 0
        var from = 0
        var quotes = CSVQuotes()
        while true {
            if let newline = newline(from: start + from) {
                let length = newline + 1 - start
                lines += 1
                if quoted { quotes.scan(bytes.span.extracting(start + from..<newline)) }
                if !quotes.isOpen {
                    return (length, lines, false)
                }
                quotes.scanLineBreak()
                firstLine = firstLine ?? length
                from = length
                if length <= Self.longest { continue }
            } else if end - start <= Self.longest, !atEnd {
                try fill()
                continue
            }
            if end - start <= Self.longest, end > start + from {
                // The last record has no line break of its own.
                if quoted { quotes.scan(bytes.span.extracting(start + from..<end)) }
                if !quotes.isOpen {
                    return (end - start, lines + 1, false)
                }
            }
            // No end in sight: an opening quote without a closing one costs only the line it stands on.
            if let firstLine {
                return (firstLine, 1, false)
            }
            if end - start > Self.longest {
                return (Self.longest, 0, true)
            }
            return end == start ? nil : (end - start, 1, false)
        }
    }

    /// Moves past the rest of a line that is too long.
    private func passOverLine() throws(ReplayError) {
        while true {
            if let newline = newline(from: start) {
                return advance(to: newline + 1, lines: 1)
            }
            advance(to: end, lines: atEnd ? 1 : 0)
            if atEnd { return }
            try fill()
        }
    }

    private func advance(to next: Int, lines: Int) {
        position.offset += Int64(next - start)
        position.lines += lines
        start = next
    }

    private func newline(from: Int) -> Int? {
        guard from < end else {
            return nil
        }
        return bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, let found = memchr(base + from, 10, end - from) else {
                return nil
            }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Reads more behind what is there, after moving that to the front of the buffer.
    private func fill() throws(ReplayError) {
        let kept = end - start
        let from = start
        let result = bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            if from > 0 { memmove(base, base + from, kept) }
            while true {
                let count = read(descriptor, base + kept, buffer.count - kept)
                if count >= 0 || errno != EINTR { return count }
            }
        }
        start = 0
        end = kept + max(0, result)
        guard result >= 0 else {
            throw ReplayError("cannot read the replay file: \(Self.reason)")
        }
        atEnd = result == 0
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
