import Shared

/// The settings of the Persister.
struct PersisterSettings: Sendable {
    static let batchRows = Setting.integer(
        "PERSISTER_BATCH_ROWS",
        in: 1...1_000_000,
        default: 10_000,
        help: "A partition's batch is written when it has this many rows."
    )
    static let batchBytes = Setting.integer(
        "PERSISTER_BATCH_BYTES",
        in: 1_000...500_000_000,
        default: 8_000_000,
        help: "A partition's batch is written when its rows, and the records they come from, have this many bytes."
    )
    static let bufferBytes = Setting.integer(
        "PERSISTER_BUFFER_BYTES",
        in: 1_000...10_000_000_000,
        default: 64_000_000,
        help: "Nothing more is fetched while all batches together have this many bytes."
    )
    static let batchAge = Setting.duration(
        "PERSISTER_BATCH_AGE",
        from: "1ms",
        to: "1m",
        default: "250ms",
        help: "The longest that a record waits for others before it is written."
    )
    static let connections = Setting.integer(
        "PERSISTER_CONNECTIONS",
        in: 1...64,
        default: 2,
        help: "Connections that write in parallel, one batch of a partition at a time."
    )
    static let databaseTimeout = Setting.duration(
        "PERSISTER_DATABASE_TIMEOUT",
        from: "1s",
        to: "10m",
        default: "30s",
        help: "How long a statement may take before it is cancelled and the batch tried again."
    )
    static let maximumFuture = Setting.duration(
        "PERSISTER_MAX_FUTURE",
        to: "24h",
        default: "1m",
        help: "How far ahead of this machine's clock an event time may lie; what lies further is a dead letter."
    )
    static let gapPolicy = GapPolicy.setting("PERSISTER_ON_GAP")
    static let group = Setting.text(
        "PERSISTER_GROUP",
        default: "persister",
        help: "The consumer group; KAFKA_TOPIC_PREFIX goes before it."
    )
    static let all: [any SettingDescription] =
        PostgresSettings.all + [
            SchemaDirectory.setting, batchRows, batchBytes, bufferBytes, batchAge, connections, databaseTimeout,
            maximumFuture, gapPolicy, group,
        ] + KafkaSettings.all

    /// The database.
    var postgres: PostgresURL
    /// The broker.
    var kafka: KafkaSettings
    /// When a batch is written.
    var policy: BatchPolicy
    /// The most bytes of all batches together.
    var bufferBytes: Int
    /// How many connections write.
    var connections: Int
    /// How long a statement may take.
    var databaseTimeout: Duration
    /// How far an event time may lie ahead of the clock, in µs.
    var maximumFutureMicroseconds: Int64
    /// What to do about lost records.
    var gapPolicy: GapPolicy
    /// The consumer group, with the topics' prefix.
    var group: String

    /// Reads them.
    init(_ reader: SettingsReader) throws(SettingsError) {
        postgres = try PostgresSettings.read(reader)
        kafka = try KafkaSettings(reader, clientID: "persister")
        policy = BatchPolicy(
            rows: try reader.value(Self.batchRows),
            bytes: try reader.value(Self.batchBytes),
            age: try reader.value(Self.batchAge)
        )
        bufferBytes = try reader.value(Self.bufferBytes)
        connections = try reader.value(Self.connections)
        databaseTimeout = try reader.value(Self.databaseTimeout)
        maximumFutureMicroseconds = try reader.value(Self.maximumFuture).wholeMicroseconds
        gapPolicy = try reader.value(Self.gapPolicy)
        group = try kafka.topicPrefix + reader.value(Self.group)
    }
}
