import Shared

/// How far the Cacher is in a partition, as a field of the hash `freshness` says it.
struct PartitionStatus {
    /// The topic's name without a prefix.
    let topic: String
    let partition: Int
    /// The next offset to be read.
    var offset = 0
    /// How many records there were.
    var records = 0
    /// How many are still to be read; nil when that isn't known.
    var lag: Int?
    /// The newest event time; nil when there was none yet.
    var eventTime: EventTime?
    /// When the Cacher wrote this.
    var writtenAt = EventTime.earliest

    /// Reads a field and its value; nil when they aren't what the Cacher writes.
    init?(field: String, json bytes: [UInt8]) {
        guard let colon = field.lastIndex(of: ":"), let number = Int(field[field.index(after: colon)...]) else {
            return nil
        }
        (topic, partition) = (String(field[..<colon]), number)
        do throws(JSONError) {
            try read(bytes.span)
        } catch {
            return nil
        }
    }

    private mutating func read(_ bytes: Span<UInt8>) throws(JSONError) {
        var scanner = JSONScanner(bytes)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("offset", in: bytes) {
                offset = try scanner.integer()
            } else if key.equals("records", in: bytes) {
                records = try scanner.integer()
            } else if key.equals("lag", in: bytes) {
                lag = try scanner.integer()
            } else if key.equals("event_time", in: bytes) {
                eventTime = try scanner.eventTime()
            } else if key.equals("written_at", in: bytes) {
                writtenAt = try scanner.eventTime()
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.end()
    }

    /// Writes it as the API has it.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("partition", partition)
        json.member("offset", offset)
        writeFigures(to: &json)
        json.endObject()
    }

    /// Writes what a topic has as well.
    func writeFigures(to json: inout JSONWriter) {
        json.member("records", records)
        json.member("lag", lag)
        json.member("event_time", eventTime)
        json.member("written_at", writtenAt)
    }

    /// A topic's figures from those of its partitions, which must not be none.
    static func sum(of partitions: [PartitionStatus]) -> PartitionStatus? {
        guard var sum = partitions.first else { return nil }
        for other in partitions.dropFirst() {
            sum.records = sum.records.addingReportingOverflow(other.records).partialValue
            sum.lag = sum.lag.flatMap { lag in other.lag.map { lag.addingReportingOverflow($0).partialValue } }
            sum.eventTime = [sum.eventTime, other.eventTime].compactMap { $0 }.max()
            sum.writtenAt = min(sum.writtenAt, other.writtenAt)
        }
        return sum
    }
}
