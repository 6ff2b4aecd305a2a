import Foundation
import Shared
import TestSupport
import Testing

@testable import Aggregator

/// The core against the reference model, on streams made from seeds.
///
/// `TICKLINE_STREAMS` says how many of each kind; CI runs 100. `TICKLINE_SEED` picks one of them.
@Suite("Reference model", .ownThread) struct ReferenceModelTests {
    private static let parts = 8
    private static let environment = ProcessInfo.processInfo.environment
    private static let streams = environment["TICKLINE_STREAMS"].flatMap { Int($0) } ?? 100
    private static let seed = environment["TICKLINE_SEED"].flatMap { UInt64($0) }

    private func compare(part: Int, from first: UInt64, restarts: Restarts) throws {
        for number in stride(from: part, to: Self.streams, by: Self.parts) {
            let seed = first + UInt64(number)
            if let only = Self.seed, only != seed { continue }
            var run = try ComparedRun(seed: seed, length: 90, restarts: restarts)
            guard try run.toTheEnd() else { return }
        }
    }

    @Test("The windows agree with the reference model, step by step", arguments: 0..<parts)
    func agrees(part: Int) throws {
        try compare(part: part, from: 0, restarts: .none)
    }

    @Test("Windows restored from the changelog at random points go on as if nothing had happened", arguments: 0..<parts)
    func restarts(part: Int) throws {
        try compare(part: part, from: 1_000_000, restarts: .sameSettings)
    }

    @Test("With windows reordered, other disorder and other rules at the restarts it agrees", arguments: 0..<parts)
    func changedSettings(part: Int) throws {
        try compare(part: part, from: 2_000_000, restarts: .changedSettings)
    }

    @Test("A close that pauses, and is gone on with after a crash, closes every window once", arguments: 0..<parts)
    func pausedCloses(part: Int) throws {
        var pauses = 0
        for number in stride(from: part, to: Self.streams / 2, by: Self.parts) {
            let seed = 4_000_000 + UInt64(number)
            if let only = Self.seed, only != seed { continue }
            var run = try ComparedRun(seed: seed, length: 90, restarts: .sameSettings, closeLimit: 1 + number % 7)
            guard try run.toTheEnd() else { return }
            pauses += run.pauses
        }
        #expect(pauses > 0 || Self.seed != nil)
    }

    @Test("When every coin has been silent for long, the changelog holds the position alone", arguments: 0..<40)
    func changelogEndsSmall(seed: Int) throws {
        var run = try ComparedRun(seed: UInt64(3_000_000 + seed), length: 60, restarts: .sameSettings)
        guard try run.toTheEnd() else { return }
        run.silence()
        #expect(run.compactedChangelog().map(\.key) == ["position"], "seed \(seed)")
        #expect(run.coinsInMemory == 0, "seed \(seed)")
    }
}

/// Whether a stream is interrupted by crashes, and what the next process is started with.
private enum Restarts {
    case none
    case sameSettings
    case changedSettings
}

/// The core and the model side by side on one stream, with a changelog in between.
private struct ComparedRun {
    private let seed: UInt64
    private let stream: RandomStream
    private let restarts: Restarts
    private var settings: RandomStream.Settings
    private var random: SplitMix64
    private var core: Partition
    private var model: ReferenceModel
    private var output = WindowOutput()
    private let closeLimit: Int
    /// How often a close paused.
    private(set) var pauses = 0
    /// As it lies in Kafka: keys as bytes, values as JSON.
    private var changelog: [(key: String, value: String?)] = []
    /// The model and the next event as of the last transaction.
    private var committed: (model: ReferenceModel, next: Int)

    init(seed: UInt64, length: Int, restarts: Restarts, closeLimit: Int = PartitionWindows.usualCloseLimit) throws {
        self.closeLimit = closeLimit
        self.seed = seed
        self.restarts = restarts
        stream = try RandomStream(seed: seed, length: length)
        settings = stream.settings
        random = SplitMix64(seed: ~seed)
        var model = ReferenceModel(plan: settings.plan)
        model.rules = settings.rules
        self.model = model
        core = Partition(plan: settings.plan, rules: settings.rules)
        core.closeLimit = closeLimit
        committed = (model, 0)
    }

    /// How many coins the core knows.
    var coinsInMemory: Int { core.windows.coins.count }

    /// Runs the stream.
    /// - Returns: false at the first difference, which is recorded.
    mutating func toTheEnd() throws -> Bool {
        var next = 0
        while next < stream.events.count {
            let paused = pauses
            guard try step(stream.events[next], number: next) else { return false }
            next += 1
            core.position.nextOffset = Int64(next)
            // What a close had to say before it paused has been committed, so nothing goes back behind it.
            if pauses > paused { commit(next) }
            if random.chance(1, in: 6) { commit(next) }
            if restarts != .none, random.chance(1, in: 25) {
                next = try crash(at: instant(of: stream.events[next - 1]))
            }
        }
        commit(next)
        return true
    }

    /// Nothing comes for three days.
    mutating func silence() {
        let last = instant(of: stream.events[stream.events.count - 1])
        let clock = ClockReading(wall: EventTime(microseconds: 0), monotonic: last + 3 * 86_400_000_000)
        while !core.advance(to: clock, into: &output) {}
        commit(stream.events.count)
    }

    func compactedChangelog() -> [(key: String, value: String)] {
        var latest: [ByteText: Int] = [:]
        for (position, record) in changelog.enumerated() { latest[ByteText(record.key)] = position }
        return latest.values.sorted().compactMap { position in
            changelog[position].value.map { (changelog[position].key, $0) }
        }
    }

    private mutating func step(_ event: StreamEvent, number: Int) throws -> Bool {
        model.forgetOutput()
        var expectedDecision: TickDecision?
        switch event {
        case .quiet(let clock): model.advance(to: clock)
        case .tick(let tick, let coin, let clock): expectedDecision = model.process(tick, coin: coin, clock: clock)
        }
        var results: [PriceAggregate] = []
        var alerts: [PriceAlert] = []
        var isDone = false
        while !isDone {
            output.removeAll()
            switch event {
            case .quiet(let clock): isDone = core.advance(to: clock, into: &output)
            case .tick(let tick, let coin, let clock):
                let decision = core.process(tick, coin: coin, clock: clock, into: &output)
                isDone = decision != .closing
                guard isDone else { break }
                #expect(decision == expectedDecision, "seed \(seed), event \(number): \(event)")
                guard decision == expectedDecision else { return false }
            }
            results += output.results.map(core.aggregate)
            alerts += output.alerts
            if !isDone { try pause(at: instant(of: event)) }
        }
        results.sort(by: Self.order)
        let expected = model.results.sorted(by: Self.order)
        #expect(results == expected, "seed \(seed), event \(number): \(event)")
        alerts.sort { $0.alertID < $1.alertID }
        let expectedAlerts = model.alerts.sorted { $0.alertID < $1.alertID }
        #expect(alerts == expectedAlerts, "seed \(seed), event \(number): \(event)")
        return results == expected && alerts == expectedAlerts
    }

    /// A close pauses: what is done may be committed, and the process end there.
    private mutating func pause(at instant: Int64) throws {
        pauses += 1
        guard random.chance(1, in: 4) else { return }
        commit(Int(core.position.nextOffset))
        guard random.chance(1, in: 4) else { return }
        changelog = compactedChangelog().map { ($0.key, $0.value) }
        core = try restored(at: instant).partition
        core.closeLimit = closeLimit
        model.restart(at: instant, plan: settings.plan, rules: settings.rules)
    }

    private mutating func commit(_ next: Int) {
        core.drainChanges { key, value in
            var json = JSONWriter()
            value?.write(to: &json)
            changelog.append((key.description, value == nil ? nil : json.text))
        }
        committed = (model, next)
    }

    private mutating func crash(at instant: Int64) throws -> Int {
        if random.chance(1, in: 2) {
            changelog = compactedChangelog().map { ($0.key, $0.value) }
        }
        if restarts == .changedSettings { settings = try stream.changedSettings(&random) }
        let outcome = try restored(at: instant)
        core = outcome.partition
        core.closeLimit = closeLimit
        model = committed.model
        model.restart(at: instant, plan: settings.plan, rules: settings.rules)
        #expect(outcome.faults.isEmpty, "seed \(seed): \(outcome.faults)")
        #expect(outcome.foundPosition == (committed.next > 0), "seed \(seed)")
        #expect(core.position.nextOffset == Int64(committed.next), "seed \(seed)")
        return committed.next
    }

    private func restored(at instant: Int64) throws -> StateRestore.Outcome {
        var restore = StateRestore(plan: settings.plan, rules: settings.rules)
        for record in changelog {
            let value = record.value.map { Array($0.utf8) }
            restore.apply(key: record.key.utf8.span, value: value?.span, offset: 0)
        }
        return try restore.finish(at: instant)
    }

    private func instant(of event: StreamEvent) -> Int64 {
        switch event {
        case .quiet(let clock), .tick(_, _, let clock): clock.monotonic
        }
    }

    private static func order(_ left: PriceAggregate, _ right: PriceAggregate) -> Bool {
        let (leftCoin, rightCoin) = (ByteText(left.coinID), ByteText(right.coinID))
        let leftName = (leftCoin, left.vsCurrency, left.windowEnd, left.windowStart, left.window.rawValue)
        let rightName = (rightCoin, right.vsCurrency, right.windowEnd, right.windowStart, right.window.rawValue)
        return leftName < rightName
    }
}

extension Partition {
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
