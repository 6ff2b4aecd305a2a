import Shared

@testable import Aggregator

/// A core that is fed by hand: prices at seconds of event time, on 2026-11-22 at 12:00.
struct CoreRun {
    static let minute: Int64 = 60_000_000
    /// 2026-11-22T12:00:00Z, in microseconds.
    static let noon: Int64 = 1_795_348_800_000_000
    static let bitcoin = CoinKey(coinID: "bitcoin", vsCurrency: "usd")

    var core: Partition
    var changelog: [(key: [UInt8], value: [UInt8]?)] = []
    private var output = WindowOutput()

    init(_ plan: WindowPlan, memory: CoinMemory = .unlimited, rules: [AlertRule] = []) {
        core = Partition(plan: plan, memory: memory, rules: rules)
    }

    /// One-minute windows, no disorder, 5 minutes of lateness.
    static func plan(
        _ windows: [WindowSpec] = [.tumbling(minute)],
        outOfOrderness: Int64 = 0,
        allowedLateness: Int64 = 5 * minute,
        syntheticLimit: Int64 = 60 * minute
    ) throws -> WindowPlan {
        try WindowPlan(
            windows: windows,
            outOfOrderness: outOfOrderness,
            allowedLateness: allowedLateness,
            syntheticLimit: syntheticLimit
        )
    }

    /// What came of the last tick.
    var results: [PriceAggregate] { output.results.map(core.aggregate) }
    /// What came of the last tick.
    var alerts: [PriceAlert] { Array(output.alerts) }

    /// Takes a tick.
    @discardableResult
    mutating func tick(_ price: Int, second: Int64, coin: CoinKey = bitcoin, size: Price? = nil) -> TickDecision {
        output.removeAll()
        let time = EventTime(microseconds: Self.noon + second * 1_000_000)
        return core.process(
            WindowTick(price: Price(price), size: size, time: time),
            coin: coin,
            clock: ClockReading(wall: .latest, monotonic: 0),
            into: &output
        )
    }

    /// Writes what changed to the changelog.
    mutating func commit() {
        core.drainChanges { key, value in
            var json = JSONWriter()
            value?.write(to: &json)
            changelog.append((key.utf8, value == nil ? nil : Array(json.text.utf8)))
        }
    }

    /// A new process with these settings reads the changelog.
    @discardableResult
    mutating func restart(_ plan: WindowPlan, rules: [AlertRule] = []) throws -> StateRestore.Outcome {
        var restore = StateRestore(plan: plan, rules: rules, partition: 7)
        for (offset, record) in changelog.enumerated() {
            restore.apply(key: record.key.span, value: record.value?.span, offset: Int64(offset))
        }
        let outcome = try restore.finish(at: 0)
        core = outcome.partition
        return outcome
    }

    /// The keys that have a value in the changelog.
    var keys: Set<String> {
        var latest: [[UInt8]: Bool] = [:]
        for record in changelog { latest[record.key] = record.value != nil }
        return Set(latest.filter(\.value).keys.map { String(decoding: $0, as: UTF8.self) })
    }
}

extension PriceAggregate {
    /// `sliding 12:01-12:06 100 r1 synthetic partial`: window, close, revision, flags.
    var summary: String {
        func clock(_ time: EventTime) -> String { String(time.description.dropFirst(11).prefix(5)) }
        return "\(window.rawValue) \(clock(windowStart))-\(clock(windowEnd)) \(close) r\(revision)"
            + (synthetic ? " synthetic" : "") + (partial ? " partial" : "")
    }
}
