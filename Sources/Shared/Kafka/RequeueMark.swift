/// The mark that dead letters of a record were put back: a record of `prices.dead-letter` with neither key nor value, in the
/// partition of the dead letters, written in the transaction that put them back.
///
/// It lies behind what it is about, so the broker never deletes it first; and it names the record that was refused and who
/// refused it, so it counts for a dead letter that came twice, too.
public struct RequeueMark: Sendable, Hashable {
    private static let servicesHeader = "put_back_for"

    /// Where the record stood that was refused.
    public let source: TopicPartition
    /// Its place there.
    public let offset: Int64
    /// The services whose dead letters of it were put back.
    public let services: [String]

    /// Marks the dead letters that some services wrote about a record.
    public init(source: TopicPartition, offset: Int64, services: [String]) {
        (self.source, self.offset, self.services) = (source, offset, services)
    }

    /// Reads a record of `prices.dead-letter`; nil when it is no mark.
    public init?(_ record: KafkaRecord) {
        guard record.key == nil, record.value == nil, record.header(Self.servicesHeader) != nil else { return nil }
        // A dead letter of a record that had the header itself has more of them.
        let headers = record.headers(atMost: 8_192)
        guard headers.map(\.name) == [Self.servicesHeader, "source_topic", "source_partition", "source_offset"],
            let partition = Int32(headers[2].text), let offset = Int64(headers[3].text), partition >= 0, offset >= 0
        else { return nil }
        self.init(
            source: TopicPartition(topic: headers[1].text, partition: partition),
            offset: offset,
            services: Requeued.services(headers[0].text)
        )
    }

    /// Its headers: `put_back_for`, `source_topic`, `source_partition`, `source_offset`.
    public var headers: [KafkaHeader] {
        [
            KafkaHeader(Self.servicesHeader, services.joined(separator: ",")),
            KafkaHeader("source_topic", source.topic),
            KafkaHeader("source_partition", String(source.partition)),
            KafkaHeader("source_offset", String(offset)),
        ]
    }
}
