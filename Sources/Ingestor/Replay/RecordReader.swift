import Glibc

/// Reads a file record by record, with one buffer and no copy per record. A record is a line; in CSV it may span lines
/// inside quotes (RFC 4180).
final class RecordReader: RecordSource {
    /// The longest record in bytes; a longer one is reported and skipped.
    static let longest = 256 << 10

    /// The size of the file on the disk when it was opened.
    var size: Int64 { file.size }
    /// Where the next record starts.
    private(set) var position: RecordPosition

    private var bytes: [UInt8]
    private let file: UnpackedFile
    private let quoted: Bool
    private var start = 0
    private var end = 0
    private var atEnd = false

    /// Opens a file, which may be packed. A byte order mark at its beginning is skipped.
    /// - Parameters:
    ///   - path: the file.
    ///   - quoted: whether a line break inside quotes belongs to the record, as in CSV.
    /// - Throws: ``ReplayError`` when the file cannot be read.
    init(path: String, quoted: Bool) throws(ReplayError) {
        file = try UnpackedFile(path: path)
        self.quoted = quoted
        position = RecordPosition()
        bytes = [UInt8](repeating: 0, count: Self.longest * 4)
        try fill()
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            start = 3
            position.offset = 3
        }
    }

    /// How the file is packed.
    var packing: Packing { file.packing }

    var progress: Double {
        if size == 0 { return 1 }
        let done = packing == .none ? position.offset : file.readOfDisk
        return min(1, Double(done) / Double(size))
    }

    /// Opens a file at a place where a reader of it stood before.
    /// - Parameter whileReading: called now and then; what it throws ends the way there.
    /// - Throws: ``ReplayError`` when the file can't be read up to there.
    init(
        path: String,
        quoted: Bool,
        at position: RecordPosition,
        whileReading: () throws(ReplayError) -> Void
    ) throws(ReplayError) {
        file = try UnpackedFile(path: path)
        self.quoted = quoted
        self.position = position
        bytes = [UInt8](repeating: 0, count: Self.longest * 4)
        try file.skip(to: position.offset, whileReading: whileReading)
    }

    func next() throws(ReplayError) -> ReplayRecord? {
        while true {
            guard let (length, lines, isTooLong) = try measure() else {
                return nil
            }
            var range = start..<(start + length)
            let line = position.lines + 1
            advance(to: range.upperBound, lines: lines)
            if isTooLong {
                try passOverLine()
                return ReplayRecord(range: range, line: line, isTooLong: true)
            }
            while let last = range.last, bytes[last] == 10 || bytes[last] == 13 {
                range = range.dropLast()
            }
            if !range.isEmpty {
                return ReplayRecord(range: range, line: line, isTooLong: false)
            }
        }
    }

    func withBytes<Result, Failure>(
        of record: ReplayRecord,
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
        var failure: ReplayError?
        let result = bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            if from > 0 { memmove(base, base + from, kept) }
            do throws(ReplayError) {
                return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[kept...]))
            } catch {
                failure = error
                return 0
            }
        }
        start = 0
        end = kept + result
        if let failure { throw failure }
        atEnd = result == 0
    }
}
