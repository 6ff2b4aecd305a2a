import Shared

/// Which dead letters are meant. Whatever is nil counts for nothing.
struct DeadLetterFilter: Sendable, Hashable {
    /// Who refused the record.
    var service: String?
    /// The reason contains this, in upper or lower case, or the SQLSTATE is this.
    var reason: String?
    /// The topic that the record came from, with `KAFKA_TOPIC_PREFIX` or without.
    var topic: String?
    /// Not written before this.
    var from: EventTime?
    /// Written before this.
    var to: EventTime?
    /// `KAFKA_TOPIC_PREFIX`.
    var prefix = ""

    /// Whether a dead letter is meant.
    func takes(_ letter: StoredDeadLetter) -> Bool {
        if let from, letter.time.map({ $0 < from }) ?? true { return false }
        if let to, letter.time.map({ $0 >= to }) ?? true { return false }
        guard let refusal = letter.refusal else { return service == nil && reason == nil && topic == nil }
        if let service, refusal.service != service { return false }
        if let topic, refusal.source.topic != topic, refusal.source.topic != prefix + topic { return false }
        guard let reason else { return true }
        return refusal.sqlState == reason || refusal.reason.lowercased().contains(reason.lowercased())
    }

    /// Whether every dead letter is meant.
    var takesAll: Bool {
        service == nil && reason == nil && topic == nil && from == nil && to == nil
    }
}
