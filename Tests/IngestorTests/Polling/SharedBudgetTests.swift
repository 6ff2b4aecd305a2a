import Shared
import Testing

@testable import Ingestor

/// Several processes with one key.
@Suite("Shared budget")
struct SharedBudgetTests {
    private let now = EventTime(milliseconds: 1_779_108_571_000)
    private let limits = CallLimits(perMinute: 5, perMonth: nil, round: 1)

    @Test("of two that ask at once one gets the call first, and both calls are counted")
    func race() throws {
        let log = MemoryLog()
        let first = MemoryStateLog(log)
        var one = SharedBudget(log: first, fingerprint: "f", process: "one")
        var two = SharedBudget(log: MemoryStateLog(log), fingerprint: "f", process: "two")
        var races = 0
        first.interrupt = {
            guard races == 0 else { return }
            races += 1
            #expect((try? two.spend(for: .poll, at: now, limits: limits)) == .zero)
        }
        #expect(try one.spend(for: .poll, at: now, limits: limits) == .zero)
        #expect(one.ledger.spent(at: now) == 2)
        #expect(one.ledger.number == 2)
        #expect(log.records.count == 3, "the record that came second counts for nobody")
    }

    @Test("who loses the last call of a minute waits, and leaves the newest ledger at the log's end")
    func lastCall() throws {
        let log = MemoryLog()
        let first = MemoryStateLog(log)
        let one = CallLimits(perMinute: 1, perMonth: nil, round: 1)
        var loser = SharedBudget(log: first, fingerprint: "f", process: "loser")
        var winner = SharedBudget(log: MemoryStateLog(log), fingerprint: "f", process: "winner")
        var races = 0
        first.interrupt = {
            guard races == 0 else { return }
            races += 1
            #expect((try? winner.spend(for: .poll, at: now, limits: one)) == .zero)
        }
        #expect(try loser.spend(for: .poll, at: now, limits: one) == .seconds(60))
        let late = SharedBudget(log: MemoryStateLog(log.compacted()), fingerprint: "f", process: "late")
        #expect(late.ledger.writer == "winner-1")
    }

    @Test("a record that lands long after its number changes nothing, for new readers neither")
    func lateRecord() throws {
        let log = MemoryLog()
        var budget = SharedBudget(log: MemoryStateLog(log), fingerprint: "f", process: "a")
        let stale = BudgetLedger().spending(.poll, at: now, limits: limits, writer: "stale")
        for _ in 0..<3 { #expect(try budget.spend(for: .poll, at: now, limits: limits) == .zero) }
        log.append(StateRecord(key: .budget("f"), value: stale.bytes))
        #expect(try budget.spend(for: .poll, at: now, limits: limits) == .zero)
        let reader = SharedBudget(log: MemoryStateLog(log), fingerprint: "f", process: "b")
        #expect(reader.ledger.spent(at: now) == 4)
    }

    @Test("keys don't share a budget")
    func keys() throws {
        let log = MemoryLog()
        let one = CallLimits(perMinute: 1, perMonth: nil, round: 1)
        for key in ["a", "b"] {
            var budget = SharedBudget(log: MemoryStateLog(log), fingerprint: key, process: key)
            #expect(try budget.spend(for: .poll, at: now, limits: one) == .zero)
            #expect(try budget.spend(for: .poll, at: now, limits: one) == .seconds(60))
        }
    }
}
