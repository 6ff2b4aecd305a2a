import Shared

/// What a field of the hash `freshness` says of one partition, as docs/redis.md promises it.
public struct FreshnessEntry: Sendable, Hashable {
    /// Every record below this offset has been counted, and is in Redis.
    public var offset: Int64
    /// How many records of the partition the Cacher has ever read.
    public var records: Int64
    /// How many records are still to be read; nil when that is not known.
    public var lag: Int64?
    /// The newest event time that was met; nil before the first one, and where records have none.
    public var eventTime: EventTime?
    /// When it was written, by the writer's clock.
    public var writtenAt: EventTime

    /// Larger numbers than a `Double` holds exactly are nobody's count, and would leave no room for counting on.
    static let maximumNumber = 1 << 53

    /// Makes an entry.
    public init(
        offset: Int64,
        records: Int64,
        lag: Int64? = nil,
        eventTime: EventTime? = nil,
        writtenAt: EventTime
    ) {
        self.offset = offset
        self.records = records
        self.lag = lag
        self.eventTime = eventTime
        self.writtenAt = writtenAt
    }
}

extension FreshnessEntry {
    /// Reads an entry; unknown fields are ignored.
    /// - Throws: ``JSONError`` when it is none.
    public init(json bytes: Span<UInt8>) throws(JSONError) {
        var (offset, records, lag): (Int64?, Int64?, Int64?)
        var (eventTime, writtenAt): (EventTime?, EventTime?)
        var scanner = JSONScanner(bytes)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: bytes) {
            case "offset": offset = try scanner.count()
            case "records": records = try scanner.count()
            case "lag": lag = try scanner.count()
            case "event_time": eventTime = try scanner.eventTime()
            case "written_at": writtenAt = try scanner.eventTime()
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        guard let offset, let records, let writtenAt else {
            let missing = offset == nil ? "offset" : records == nil ? "records" : "written_at"
            throw JSONError(.missingField(missing), at: bytes.count)
        }
        self.init(offset: offset, records: records, lag: lag, eventTime: eventTime, writtenAt: writtenAt)
    }

    /// Writes the entry as one JSON object; what isn't known is left out.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("offset")
        json.integer(offset)
        writeFigures(to: &json)
        json.endObject()
    }

    /// Writes what a topic has as well as a partition into the object that is open.
    func writeFigures(to json: inout JSONWriter) {
        json.key("records")
        json.integer(records)
        if let lag {
            json.key("lag")
            json.integer(lag)
        }
        json.member("event_time", eventTime)
        json.member("written_at", writtenAt)
    }
}

extension JSONScanner {
    /// Reads a number from 0 to ``FreshnessEntry/maximumNumber``.
    fileprivate mutating func count() throws(JSONError) -> Int64 {
        let start = position
        let number = try integer()
        guard 0...FreshnessEntry.maximumNumber ~= number else { throw JSONError(.outOfRange, at: start) }
        return Int64(number)
    }
}
