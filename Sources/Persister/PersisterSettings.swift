import Shared

/// The settings of the Persister.
struct PersisterSettings: Sendable {
    /// What to do about records that the broker no longer has.
    enum GapPolicy: String, Sendable, CaseIterable {
        /// End with an error, so that a person decides.
        case stop
        /// Go on from the earliest record there is, and count it.
        case `continue`
    }

    static let batchRows = Setting.integer(
        "PERSISTER_BATCH_ROWS",
        in: 1...1_000_000,
        default: 10_000,
        help: "Rows of one partition at which they are written."
    )
    static let batchBytes = Setting.integer(
        "PERSISTER_BATCH_BYTES",
        in: 1_000...500_000_000,
        default: 8_000_000,
        help: "Bytes (rows and the records they come from) at which they are written."
    )
    static let batchAge = Setting.duration(
        "PERSISTER_BATCH_AGE",
        from: "1ms",
        to: "1m",
        default: "250ms",
        help: "How long a record waits at most for others before it is written."
    )
    static let connections = Setting.integer(
        "PERSISTER_CONNECTIONS",
        in: 1...64,
        default: 2,
        help: "Connections that write in parallel; each partition keeps to one of them."
    )
    static let gapPolicy = Setting<GapPolicy>.choice(
        "PERSISTER_ON_GAP",
        default: .stop,
        help: "When the broker no longer has the records at the position: stop, or continue from the earliest it has."
    )
    static let group = Setting.text(
        "PERSISTER_GROUP",
        default: "persister",
        help: "The consumer group; KAFKA_TOPIC_PREFIX goes before it."
    )
    static let all: [any SettingDescription] =
        [PostgresURL.setting, SchemaDirectory.setting, batchRows, batchBytes, batchAge, connections, gapPolicy, group]
        + KafkaSettings.all

    /// The database.
    var postgres: PostgresURL
    /// The broker.
    var kafka: KafkaSettings
    /// When a batch is written.
    var policy: BatchPolicy
    /// How many connections write.
    var connections: Int
    /// What to do about lost records.
    var gapPolicy: GapPolicy
    /// The consumer group, with the topics' prefix.
    var group: String

    /// Reads them.
    init(_ reader: SettingsReader) throws(SettingsError) {
        postgres = try reader.value(PostgresURL.setting)
        kafka = try KafkaSettings(reader, clientID: "persister")
        policy = BatchPolicy(
            rows: try reader.value(Self.batchRows),
            bytes: try reader.value(Self.batchBytes),
            age: try reader.value(Self.batchAge)
        )
        connections = try reader.value(Self.connections)
        gapPolicy = try reader.value(Self.gapPolicy)
        group = try kafka.topicPrefix + reader.value(Self.group)
    }
}
