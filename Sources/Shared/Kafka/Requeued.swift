/// What the headers of a record say that was put back into its topic after it had been a dead letter: from where, for whom,
/// and how often so far.
///
/// They stand before those that the record came with, so that a cut (``KafkaRecord/headers(atMost:)``) takes them last.
public struct Requeued: Sendable, Hashable {
    /// The header that names the services it is for: those that could not use it before.
    static let forHeader = "requeued_for"
    /// The header that names the dead letter.
    static let fromHeader = "requeued_from"
    /// The header that says how often it has been put back, this time included.
    static let countHeader = "requeued_count"

    /// The dead letter: `TOPIC[PARTITION]@OFFSET`.
    public let from: String
    /// The services it is for, each once.
    public let services: [String]
    /// How often it has been put back, this time included.
    public let count: Int

    /// Says it of a record that is to be put back.
    public init(from: String, services: [String], count: Int) {
        (self.from, self.services, self.count) = (from, services, count)
    }

    /// Reads it from the headers of a record, or of its dead letter; nil where the record was never put back.
    public init?(_ headers: [KafkaHeader]) {
        func text(_ name: String) -> String? { headers.first { $0.name == name }?.text }
        guard let from = text(Self.fromHeader), let services = text(Self.forHeader),
            let count = text(Self.countHeader).flatMap({ Int($0) }), count > 0
        else { return nil }
        self.init(from: from, services: Self.services(services), count: count)
    }

    /// The headers of the record that is put back.
    /// - Parameter received: those that it came with; what they say of an earlier time is left out.
    public func headers(before received: [KafkaHeader]) -> [KafkaHeader] {
        let own = [
            KafkaHeader(Self.forHeader, services.joined(separator: ",")), KafkaHeader(Self.fromHeader, from),
            KafkaHeader(Self.countHeader, String(count)),
        ]
        return own + received.filter { header in !own.contains { $0.name == header.name } }
    }

    static func services(_ text: String) -> [String] {
        text.split(separator: ",").map(String.init)
    }
}

extension KafkaRecord {
    /// The services that the record was put back for; nil where it stands at its first place.
    public var requeuedFor: [String]? {
        header(Requeued.forHeader).map { Requeued.services(String(decoding: $0, as: UTF8.self)) }
    }

    /// Whether a service is to use the record: not when it was put back for others, which could not use it before. Those
    /// that could have it already, from its first place.
    public func isMeant(for service: String) -> Bool {
        requeuedFor?.contains(service) ?? true
    }
}
