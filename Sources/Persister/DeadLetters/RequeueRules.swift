import Shared

/// Whether a dead letter can be put back. A pure value.
struct RequeueRules: Sendable {
    /// What is to be done with one.
    enum Decision: Sendable, Hashable {
        /// Its record goes back into its topic.
        case putBack
        /// That was done before.
        case isPutBack
        /// It can't be done.
        case refused(Obstacle)
    }

    /// Why one can't be put back.
    enum Obstacle: String, Sendable, Hashable, CaseIterable {
        /// Somebody else wrote it.
        case isNoDeadLetter = "no service of Tickline wrote it"
        /// Only a part of it is here.
        case isCut = "it was too long to be kept whole"
        /// Whoever can write dead letters must not write into every topic with our rights.
        case topicIsNotRead = "its topic is none that a service reads"
        /// A newer version of the rule may be in force.
        case isRule = "a rule is put back only by its place: a newer version of it may be in force"
    }

    /// The topics that a record is put back into.
    private static let topics: [Topic] = [.raw, .aggregates1m, .aggregatesSliding, .alerts, .alertRules]

    private let topics: [String: Topic]
    private let takesRules: Bool

    /// - Parameters:
    ///   - prefix: `KAFKA_TOPIC_PREFIX`.
    ///   - takesRules: whether dead letters are named one by one, so that whoever does it knows what a rule says.
    init(prefix: String, takesRules: Bool) {
        topics = Dictionary(uniqueKeysWithValues: Self.topics.map { ($0.name(prefix: prefix), $0) })
        self.takesRules = takesRules
    }

    /// Decides about a dead letter.
    func decide(_ letter: StoredDeadLetter, _ putBack: PutBack) -> Decision {
        guard let refusal = letter.refusal else { return .refused(.isNoDeadLetter) }
        if putBack.contains(refusal) { return .isPutBack }
        guard let topic = topics[refusal.source.topic] else { return .refused(.topicIsNotRead) }
        if refusal.keySize != nil || refusal.valueSize != nil { return .refused(.isCut) }
        if topic == .alertRules, !takesRules { return .refused(.isRule) }
        return .putBack
    }
}
