import Shared

/// How far the replay of a file is, as `ingestor.state` keeps it.
struct ReplayPosition: StateValue {
    /// Bytes before the next record; of a packed file, bytes of what is in it. Of a file that is read from its end, bytes
    /// before the last record that was sent.
    var offset: Int
    /// Lines before it, or behind it.
    var lines: Int
    /// Ticks sent so far.
    var ticks: Int
    /// Whether the file was replayed to its end.
    var isDone: Bool

    /// A place.
    init(offset: Int, lines: Int, ticks: Int, isDone: Bool) {
        self.offset = offset
        self.lines = lines
        self.ticks = ticks
        self.isDone = isDone
    }

    init(json: Span<UInt8>) throws(JSONError) {
        var (offset, lines, ticks, isDone): (Int?, Int?, Int, Bool) = (nil, nil, 0, false)
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "offset": offset = try scanner.integer()
            case "lines": lines = try scanner.integer()
            case "ticks": ticks = try scanner.integer()
            case "done": isDone = try scanner.bool()
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        guard let offset, let lines, offset >= 0, lines >= 0, ticks >= 0 else {
            throw JSONError(.missingField("offset, lines"), at: 0)
        }
        self.init(offset: offset, lines: lines, ticks: ticks, isDone: isDone)
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("offset", offset)
        writer.member("lines", lines)
        writer.member("ticks", ticks)
        writer.member("done", isDone)
        writer.endObject()
    }
}
