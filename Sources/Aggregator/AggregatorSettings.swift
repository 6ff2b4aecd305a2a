import Glibc
import Shared

/// The settings of the Aggregator, from the environment.
public struct AggregatorSettings: Sendable {
    static let windowsSetting = Setting<[WindowSpec]>(
        "AGGREGATOR_WINDOWS",
        default: "tumbling:1m,sliding:5m/1m",
        allowed: "tumbling:SIZE and sliding:SIZE/SLIDE of up to 366d with commas, such as tumbling:1m,sliding:1h/1m",
        help: "The windows; tumbling:1m goes to prices.aggregates.1m, all others to prices.aggregates.sliding."
    ) { text in
        let specs = text.split(separator: ",").map { WindowSpec($0.filter { $0 != " " }) }
        let windows = specs.compactMap { $0 }
        guard windows.count == specs.count, (try? WindowPlan(windows: windows)) != nil else { return nil }
        return windows
    }
    static let outOfOrdernessSetting = Setting.duration(
        "AGGREGATOR_OUT_OF_ORDERNESS",
        to: "1h",
        default: "10s",
        help: "How far the watermark stays behind the largest event time of its partition."
    )
    static let allowedLatenessSetting = Setting.duration(
        "AGGREGATOR_ALLOWED_LATENESS",
        default: "5m",
        help:
            "For how long after its end a window still takes ticks (and is emitted again); later ones go to prices.late."
    )
    static let futureLimitSetting = Setting.duration(
        "AGGREGATOR_FUTURE_LIMIT",
        default: "1m",
        help: "A tick further ahead of the wall clock than this goes to prices.late."
    )
    static let syntheticSetting = Setting.duration(
        "AGGREGATOR_SYNTHETIC_FOR",
        default: "1h",
        help: "For how long a coin without ticks still gets windows that carry its last price forward; 0s for none."
    )
    static let followClockSetting = Setting.flag(
        "AGGREGATOR_FOLLOW_CLOCK",
        default: true,
        help: "Whether the watermark of a quiet partition follows the clock, so that its last windows close."
    )
    static let intervalSetting = Setting.duration(
        "AGGREGATOR_TRANSACTION_INTERVAL",
        from: "10ms",
        to: "5s",
        default: "500ms",
        help: "How long a Kafka transaction collects records; readers see them afterwards. A tenth of it, 10ms at "
            + "most, once a window closes or an alert fires; up to 1s on a backlog."
    )
    static let recordsSetting = Setting.integer(
        "AGGREGATOR_TRANSACTION_RECORDS",
        in: 1...10_000_000,
        default: 1_000_000,
        help: "The most records that a Kafka transaction collects."
    )
    static let gapPolicySetting = GapPolicy.setting("AGGREGATOR_ON_GAP", formerly: "AGGREGATOR_RETENTION_GAP")
    static let coinMemorySetting = Setting.integer(
        "AGGREGATOR_COIN_MEMORY",
        in: 1...1_048_576,
        default: 96,
        help: "MiB that the open windows of all coins may take, an equal share for each partition of prices.raw; "
            + "ticks of coins beyond it are dead letters."
    )
    static let groupSetting = Setting.text(
        "AGGREGATOR_GROUP",
        default: "aggregator",
        help: "The consumer group, whose instances share the partitions; KAFKA_TOPIC_PREFIX goes before it."
    )
    static let instanceSetting = Setting.text(
        "AGGREGATOR_INSTANCE",
        allowed: "a name no other running instance has",
        help: "This instance's name in its transactional id; hostname and process id without it. An instance that is "
            + "started again under its old name ends what it had open at once, instead of after 4 s."
    )

    /// All of them, for `--help`, docs/settings.md and the check at the start.
    public static let all: [any SettingDescription] =
        KafkaSettings.all + [
            windowsSetting, outOfOrdernessSetting, allowedLatenessSetting, futureLimitSetting, syntheticSetting,
            followClockSetting, intervalSetting, recordsSetting, gapPolicySetting, coinMemorySetting, groupSetting,
            instanceSetting,
        ]

    /// Where the brokers are.
    public var kafka: KafkaSettings
    /// The windows and what guards them.
    public var plan: WindowPlan
    /// Whether the watermark of a quiet partition follows the clock.
    public var followsClock: Bool
    /// When a transaction has collected enough.
    var transactionLimits: TransactionLimits
    /// What to do when records were deleted before they were read.
    public var gapPolicy: GapPolicy
    /// The bytes that the open windows of all coins may take.
    public var coinMemory: Int
    /// The consumer group, with the topics' prefix.
    public var group: String
    /// This instance's name.
    public var instance: String

    /// Reads the settings.
    /// - Throws: ``SettingsError`` for what isn't allowed.
    public init(_ reader: SettingsReader) throws {
        kafka = try KafkaSettings(reader, clientID: "aggregator")
        let windows = try reader.value(Self.windowsSetting)
        do {
            plan = try WindowPlan(
                windows: windows,
                outOfOrderness: try reader.value(Self.outOfOrdernessSetting).wholeMicroseconds,
                allowedLateness: try reader.value(Self.allowedLatenessSetting).wholeMicroseconds,
                futureLimit: try reader.value(Self.futureLimitSetting).wholeMicroseconds,
                syntheticLimit: try reader.value(Self.syntheticSetting).wholeMicroseconds
            )
        } catch let error as WindowPlanError {
            throw SettingsError([SettingsProblem(name: Self.windowsSetting.name, reason: "\(error)")])
        }
        followsClock = try reader.value(Self.followClockSetting)
        transactionLimits = TransactionLimits(
            interval: try reader.value(Self.intervalSetting),
            records: try reader.value(Self.recordsSetting)
        )
        gapPolicy = try reader.value(Self.gapPolicySetting)
        coinMemory = try reader.value(Self.coinMemorySetting) << 20
        group = kafka.topicPrefix + (try reader.value(Self.groupSetting))
        instance = try reader.optional(Self.instanceSetting) ?? "\(Self.hostName)-\(getpid())"
    }

    /// `max.poll.interval.ms`: the group waits for a member that died while it was joining for so long, by default 5
    /// minutes in which nobody gets anything. A turn of the loop takes milliseconds, a restore seconds.
    static let pollInterval = (name: "max.poll.interval.ms", milliseconds: 60_000)

    /// How long a restore may take. It runs inside a callback of the consumer, and must end, one way or the other, before
    /// the group gives the member up: else its successor would wait as long, and so on.
    var restoreLimit: Duration {
        let interval = kafka.properties[Self.pollInterval.name].flatMap { Int($0) } ?? Self.pollInterval.milliseconds
        return .milliseconds(interval / 4 * 3)
    }

    /// The name under which this instance writes transactions; no other running instance of the broker has it.
    var transactionalID: String {
        "\(group)-\(instance)"
    }

    /// The topics that must exist.
    var topics: [String] {
        [Topic.raw, .aggregates1m, .aggregatesSliding, .alerts, .late, .deadLetter, .alertRules, .aggregatorState]
            .map(kafka.name)
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
