import Shared

/// An open candle in Redis: an entry as those of the history, marked `open`, with what it takes to go on.
extension OpenCandle {
    /// Reads one; nil when it isn't one, as another program may write keys of this name.
    init?(json bytes: [UInt8]) {
        guard let entry = CandleEntry(json: bytes), entry.start % 60_000 == 0, entry.sampleCount > 0 else { return nil }
        do throws(JSONError) {
            let rest = try Self.rest(bytes.span)
            self.init(entry, firstTick: rest.first, lastTick: rest.last, offset: rest.offset)
        } catch {
            return nil
        }
        let minute = start..<start + Self.length
        guard minute.contains(firstTick), minute.contains(lastTick) else { return nil }
    }

    private static func rest(_ bytes: Span<UInt8>) throws(JSONError) -> (first: Int64, last: Int64, offset: Int64) {
        var rest: (first: Int64, last: Int64, offset: Int64) = (0, 0, -1)
        var scanner = JSONScanner(bytes)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("first", in: bytes) {
                rest.first = Int64(try scanner.integer())
            } else if key.equals("last", in: bytes) {
                rest.last = Int64(try scanner.integer())
            } else if key.equals("offset", in: bytes) {
                rest.offset = Int64(try scanner.integer())
            } else {
                try scanner.skipValue()
            }
        }
        return rest
    }

    /// Writes it; docs/redis.md says what the names mean.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("t")
        json.integer(start / 1_000)
        json.member("o", decimal: open)
        json.member("h", decimal: high)
        json.member("l", decimal: low)
        json.member("c", decimal: close)
        json.member("v", decimal: trades.volume)
        json.member("n", sampleCount)
        json.member("nt", trades.count)
        json.member("open", true)
        json.key("first")
        json.integer(firstTick)
        json.key("last")
        json.integer(lastTick)
        json.key("offset")
        json.integer(offset)
        json.endObject()
    }
}
