import Shared

/// The settings of the simulator as a generator of load: what is wrong with its stream, and when it comes.
struct SimulatorSettings: Sendable {
    static let trades = Setting.flag(
        "INGESTOR_SIMULATOR_TRADES",
        default: false,
        help: "Make trades with size, id and side, like an exchange's, instead of prices (simulator)."
    )
    static let start = Setting<EventTime>(
        "INGESTOR_SIMULATOR_START",
        allowed: "an RFC 3339 time",
        help: "The first event time; the others follow at INGESTOR_RATE (at 10000 a second for max), so that the same "
            + "settings give the same bytes. Unset, ticks carry the current time (simulator)."
    ) { EventTime($0) }
    static let disorder = share(
        "DISORDER",
        "that are older than ticks before them, by up to INGESTOR_SIMULATOR_DISORDER_TIME"
    )
    static let disorderTime = Setting.duration(
        "INGESTOR_SIMULATOR_DISORDER_TIME",
        from: "1ms",
        default: "5s",
        help: "How far back a tick out of order may lie (simulator)."
    )
    static let late = share("LATE", "that are late, by INGESTOR_SIMULATOR_LATE_TIME to twice as much")
    static let lateTime = Setting.duration(
        "INGESTOR_SIMULATOR_LATE_TIME",
        from: "1ms",
        default: "10m",
        help: "How late a late tick is at least (simulator)."
    )
    static let duplicates = share("DUPLICATES", "that repeat one of the last 64 byte for byte")
    static let gaps = Setting<SimulatorShape.Period>(
        "INGESTOR_SIMULATOR_GAPS",
        allowed: "a period from 1s to 24h and a shorter length, such as 5m/10s",
        help: "Recurring silence: how often, and for how long (simulator)."
    ) { SimulatorShape.Period($0, hasFactor: false) }
    static let bursts = Setting<SimulatorShape.Period>(
        "INGESTOR_SIMULATOR_BURSTS",
        allowed: "a period from 1s to 24h, a shorter length and a factor from 1x to 1000x, such as 1m/5s/10x",
        help: "Recurring bursts: how often, for how long, and at how many times INGESTOR_RATE (simulator)."
    ) { SimulatorShape.Period($0, hasFactor: true) }

    /// All of them.
    static let all: [any SettingDescription] = [
        trades, start, disorder, disorderTime, late, lateTime, duplicates, gaps, bursts,
    ]

    /// Whether ticks are trades.
    var trades: Bool
    /// The first event time; `nil` for now.
    var start: EventTime?
    /// What is wrong with the stream.
    var faults: SimulatorFaults
    /// When it comes.
    var shape: SimulatorShape

    /// Reads them.
    /// - Throws: ``SettingsError`` for the first that isn't allowed.
    init(_ reader: SettingsReader, seed: UInt64) throws(SettingsError) {
        trades = try reader.value(Self.trades)
        start = try reader.optional(Self.start)
        faults = SimulatorFaults(seed: seed)
        faults.disorder = try reader.value(Self.disorder)
        faults.disorderTime = try reader.value(Self.disorderTime).wholeMicroseconds
        faults.late = try reader.value(Self.late)
        faults.lateTime = try reader.value(Self.lateTime).wholeMicroseconds
        faults.duplicates = try reader.value(Self.duplicates)
        shape = SimulatorShape(gaps: try reader.optional(Self.gaps), bursts: try reader.optional(Self.bursts))
    }

    private static func share(_ name: String, _ what: String) -> Setting<SimulatorShare> {
        Setting(
            "INGESTOR_SIMULATOR_\(name)",
            default: "0",
            allowed: "a number from 0 to 1",
            help: "The share of ticks \(what) (simulator)."
        ) { SimulatorShare($0) }
    }
}
