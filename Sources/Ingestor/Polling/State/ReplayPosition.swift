import Shared

/// How far the replay of a file is, as `ingestor.state` keeps it.
struct ReplayPosition: StateValue {
    /// Bytes before the next record; of a packed file, bytes of what is in it.
    var offset: Int
    /// Lines before it.
    var lines: Int
    /// Whether the file was replayed to its end.
    var isDone: Bool

    /// A place.
    init(offset: Int, lines: Int, isDone: Bool) {
        self.offset = offset
        self.lines = lines
        self.isDone = isDone
    }

    init(json: Span<UInt8>) throws(JSONError) {
        var (offset, lines, isDone): (Int?, Int?, Bool) = (nil, nil, false)
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "offset": offset = try scanner.integer()
            case "lines": lines = try scanner.integer()
            case "done": isDone = try scanner.bool()
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        guard let offset, let lines, offset >= 0, lines >= 0 else {
            throw JSONError(.missingField("offset, lines"), at: 0)
        }
        self.init(offset: offset, lines: lines, isDone: isDone)
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("offset", offset)
        writer.member("lines", lines)
        writer.member("done", isDone)
        writer.endObject()
    }
}
