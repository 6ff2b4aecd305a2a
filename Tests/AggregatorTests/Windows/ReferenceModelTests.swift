import Shared
import TestSupport
import Testing

@testable import Aggregator

/// The core against the reference model, on streams made from seeds.
@Suite("Reference model", .ownThread) struct ReferenceModelTests {
    @Test("The windows agree with the reference model, step by step", arguments: 0..<8)
    func agrees(part: Int) throws {
        for seed in 0..<125 {
            var run = try ComparedRun(seed: UInt64(part * 1_000 + seed), length: 90)
            guard run.toTheEnd(crashes: false) else { return }
        }
    }

    @Test("Windows restored from the changelog at random points go on as if nothing had happened", arguments: 0..<8)
    func restarts(part: Int) throws {
        for seed in 0..<125 {
            var run = try ComparedRun(seed: UInt64(100_000 + part * 1_000 + seed), length: 90)
            guard run.toTheEnd(crashes: true) else { return }
        }
    }

    @Test("When every coin has been silent for long, the compacted changelog holds no pane", arguments: 0..<40)
    func changelogEndsSmall(seed: Int) throws {
        var run = try ComparedRun(seed: UInt64(200_000 + seed), length: 60)
        guard run.toTheEnd(crashes: true) else { return }
        run.silence()
        let left = run.compactedChangelog().map(\.key)
        #expect(!left.contains { $0.hasPrefix("pane/") }, "seed \(seed): \(left)")
        #expect(left.contains("position"), "seed \(seed)")
    }
}

/// The core and the model side by side on one stream, with a changelog in between.
private struct ComparedRun {
    private let seed: UInt64
    private let stream: RandomStream
    private var random: SplitMix64
    private var core: PartitionWindows
    private var model: ReferenceModel
    private var output = WindowOutput()
    /// As it lies in Kafka: keys as text, values as JSON.
    private var changelog: [(key: String, value: String?)] = []
    /// The model and the next event as of the last transaction.
    private var committed: (model: ReferenceModel, next: Int)

    init(seed: UInt64, length: Int) throws {
        self.seed = seed
        let stream = try RandomStream(seed: seed, length: length)
        self.stream = stream
        random = SplitMix64(seed: ~seed)
        var model = ReferenceModel(plan: stream.plan)
        model.rules = stream.rules.filter { AlertRuleProblem($0, plan: stream.plan) == nil }
        self.model = model
        core = Self.emptyCore(stream)
        committed = (model, 0)
    }

    private static func emptyCore(_ stream: RandomStream) -> PartitionWindows {
        var core = PartitionWindows(plan: stream.plan)
        for rule in stream.rules { _ = core.setRule(rule) }
        return core
    }

    /// Runs the stream.
    /// - Returns: false at the first difference, which is recorded.
    mutating func toTheEnd(crashes: Bool) -> Bool {
        var next = 0
        while next < stream.events.count {
            guard step(stream.events[next], number: next) else { return false }
            next += 1
            core.nextOffset = Int64(next)
            if random.chance(1, in: 6) { commit(next) }
            if crashes, random.chance(1, in: 25) { next = crash(at: instant(of: stream.events[next - 1])) }
        }
        commit(next)
        return true
    }

    /// Nothing comes for two days.
    mutating func silence() {
        let last = instant(of: stream.events[stream.events.count - 1])
        let clock = ClockReading(wall: EventTime(microseconds: 0), monotonic: last + 2 * 86_400_000_000)
        core.advance(to: clock, into: &output)
        commit(stream.events.count)
    }

    func compactedChangelog() -> [(key: String, value: String)] {
        var latest: [String: Int] = [:]
        for (position, record) in changelog.enumerated() { latest[record.key] = position }
        return latest.values.sorted().compactMap { position in
            changelog[position].value.map { (changelog[position].key, $0) }
        }
    }

    private mutating func step(_ event: StreamEvent, number: Int) -> Bool {
        output.removeAll()
        model.forgetOutput()
        switch event {
        case .quiet(let clock):
            core.advance(to: clock, into: &output)
            model.advance(to: clock)
        case .tick(let tick, let coin, let clock):
            let decision = core.process(tick, coin: coin, clock: clock, into: &output)
            let expected = model.process(tick, coin: coin, clock: clock)
            #expect(decision == expected, "seed \(seed), event \(number): \(event)")
            guard decision == expected else { return false }
        }
        let results = output.results.map(core.aggregate).sorted(by: Self.order)
        let expected = model.results.sorted(by: Self.order)
        #expect(results == expected, "seed \(seed), event \(number): \(event)")
        let alerts = output.alerts.sorted { $0.alertID < $1.alertID }
        let expectedAlerts = model.alerts.sorted { $0.alertID < $1.alertID }
        #expect(alerts == expectedAlerts, "seed \(seed), event \(number): \(event)")
        return results == expected && alerts == expectedAlerts
    }

    private mutating func commit(_ next: Int) {
        core.drainChanges { key, value in
            var json = JSONWriter()
            value?.write(to: &json)
            changelog.append((key.description, value == nil ? nil : json.text))
        }
        committed = (model, next)
    }

    private mutating func crash(at instant: Int64) -> Int {
        if random.chance(1, in: 2) {
            changelog = compactedChangelog().map { ($0.key, $0.value) }
        }
        var restore = StateRestore(into: Self.emptyCore(stream))
        for record in changelog {
            guard let key = StateKey(record.key) else {
                Issue.record("seed \(seed): no key: \(record.key)")
                continue
            }
            do throws(JSONError) {
                restore.apply(
                    key,
                    try record.value.map { text throws(JSONError) in
                        let bytes = Array(text.utf8)
                        return try StateValue(json: bytes.span, for: key)
                    }
                )
            } catch {
                Issue.record("seed \(seed): \(record): \(error)")
            }
        }
        let (windows, foundPosition) = restore.finish(at: instant)
        core = windows
        model = committed.model
        model.restart(at: instant)
        #expect(foundPosition == (committed.next > 0), "seed \(seed)")
        #expect(core.nextOffset == Int64(committed.next), "seed \(seed)")
        return committed.next
    }

    private func instant(of event: StreamEvent) -> Int64 {
        switch event {
        case .quiet(let clock), .tick(_, _, let clock): clock.monotonic
        }
    }

    private static func order(_ left: PriceAggregate, _ right: PriceAggregate) -> Bool {
        let leftName = (left.coinID, left.vsCurrency, left.windowEnd, left.windowStart, left.window.rawValue)
        let rightName = (right.coinID, right.vsCurrency, right.windowEnd, right.windowStart, right.window.rawValue)
        return leftName < rightName
    }
}

extension PartitionWindows {
    /// Takes a tick whose coin is given as text.
    mutating func process(
        _ tick: WindowTick,
        coin: CoinKey,
        clock: ClockReading,
        into output: inout WindowOutput
    ) -> TickDecision {
        let id = Array(coin.coinID.utf8)
        let currency = Array(coin.vsCurrency.utf8)
        return process(tick, coin: id.span, currency: currency.span, clock: clock, into: &output)
    }
}
