import Testing

@testable import Ingestor

@Suite("Whose history is asked next")
struct HistoryPlanTests {
    @Test("products take turns, one request at a time, and never more often than the exchange allows")
    func turns() {
        var plan = HistoryPlan(interval: .seconds(1))
        for product in [3, 1, 2, 1] { plan.add(product) }
        #expect(plan.next(at: .zero) { _ in true } == 3)
        #expect(plan.next(at: .seconds(5)) { _ in true } == nil, "a request is under way")
        plan.answered(at: .seconds(5), brought: true)
        #expect(plan.next(at: .seconds(5)) { _ in true } == 1)
        plan.answered(at: .milliseconds(5_100), brought: true)
        #expect(plan.next(at: .milliseconds(5_900)) { _ in true } == nil, "too soon")
        #expect(plan.next(at: .seconds(6)) { _ in true } == 2)
        plan.answered(at: .seconds(7), brought: true)
        #expect(plan.next(at: .seconds(7)) { $0 == 1 } == 1, "3 is not due")
        plan.remove(1)
        #expect(plan.missing == [3, 2])
    }

    @Test("after a failure the wait grows, and is no shorter than the exchange asks for")
    func failures() {
        var plan = HistoryPlan(interval: .milliseconds(100))
        plan.add(0)
        _ = plan.next(at: .zero) { _ in true }
        #expect(plan.failed(at: .zero, retryAfter: .seconds(30), random: 0) == .seconds(30))
        #expect(plan.next(at: .seconds(29)) { _ in true } == nil)
        #expect(plan.next(at: .seconds(30)) { _ in true } == 0)
        #expect(plan.failed(at: .seconds(30), retryAfter: nil, random: 0) == .seconds(2))
        #expect(plan.next(at: .seconds(32)) { _ in true } == 0)
        #expect(plan.failed(at: .seconds(32), retryAfter: .zero, random: 0) == .seconds(4), "a zero is no permission")
    }

    @Test("a page that brought nothing gives the history a second, and the others their turn")
    func lag() {
        var plan = HistoryPlan(interval: .milliseconds(100))
        plan.add(0)
        plan.add(1)
        #expect(plan.next(at: .zero) { _ in true } == 0)
        plan.answered(at: .milliseconds(100), brought: false)
        #expect(plan.next(at: .milliseconds(100)) { _ in true } == 1)
        plan.answered(at: .milliseconds(200), brought: true)
        #expect(plan.next(at: .milliseconds(200)) { $0 == 0 } == nil)
        #expect(plan.next(at: .milliseconds(1_100)) { $0 == 0 } == 0)
    }

    @Test("a product had its chance when it was asked for since then, or when nothing can be asked")
    func chance() {
        var plan = HistoryPlan(interval: .zero)
        plan.add(0)
        plan.add(1)
        _ = plan.next(at: .seconds(1)) { _ in true }
        plan.answered(at: .seconds(1), brought: true)
        #expect(plan.hadChance(0, since: .zero))
        #expect(!plan.hadChance(1, since: .zero))
        _ = plan.next(at: .seconds(2)) { _ in true }
        _ = plan.failed(at: .seconds(2), retryAfter: nil, random: 0)
        #expect(plan.hadChance(0, since: .seconds(1)))
    }
}
