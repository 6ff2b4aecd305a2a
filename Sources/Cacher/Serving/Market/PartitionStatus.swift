import Shared

/// How far the Cacher is in a partition: a field of the hash `freshness`.
struct PartitionStatus {
    /// The topic's name without a prefix.
    let topic: String
    let partition: Int
    /// What the Cacher says of it.
    var entry: FreshnessEntry

    /// Reads a field and its value; nil when they aren't what the Cacher writes.
    init?(field: String, json bytes: [UInt8]) {
        guard let colon = field.lastIndex(of: ":"), let number = Int(field[field.index(after: colon)...]),
            let entry = try? FreshnessEntry(json: bytes.span)
        else { return nil }
        (topic, partition, self.entry) = (String(field[..<colon]), number, entry)
    }

    /// Writes it as the API has it.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("partition", partition)
        json.key("offset")
        json.integer(entry.offset)
        entry.writeFigures(to: &json)
        json.endObject()
    }

    /// A topic's figures from those of its partitions, which must not be none.
    static func sum(of partitions: [PartitionStatus]) -> FreshnessEntry? {
        guard var sum = partitions.first?.entry else { return nil }
        for other in partitions.dropFirst().map(\.entry) {
            // Neither is larger than ``FreshnessEntry/maximumNumber``, and there are few.
            sum.records &+= other.records
            sum.lag = sum.lag.flatMap { lag in other.lag.map { lag &+ $0 } }
            sum.eventTime = [sum.eventTime, other.eventTime].compactMap { $0 }.max()
            sum.writtenAt = min(sum.writtenAt, other.writtenAt)
        }
        return sum
    }
}
