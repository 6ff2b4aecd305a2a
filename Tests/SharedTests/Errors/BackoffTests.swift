import Shared
import Testing

@Suite("Backoff")
struct BackoffTests {
    @Test("delays double from 1 s to the cap of 60 s")
    func doubles() {
        var backoff = Backoff()
        let delays = (0..<8).map { _ in backoff.next(random: 0) }
        #expect(delays == [1, 2, 4, 8, 16, 32, 60, 60].map { Duration.seconds($0) })
        #expect(backoff.failures == 8)
    }

    @Test("ten healthy seconds start the row again, 9 s don't", arguments: [(9, 4.0), (10, 1.0), (3600, 1.0)])
    func resets(healthySeconds: Int, expected: Double) {
        var backoff = Backoff()
        _ = backoff.next(random: 0)
        _ = backoff.next(random: 0)
        #expect(backoff.next(healthyFor: .seconds(healthySeconds), random: 0) == .seconds(expected))
        #expect(backoff.failures == (expected == 1 ? 1 : 3))
    }

    @Test(
        "jitter takes away at most its part, whatever the random number",
        arguments: [(-1.0, 1000), (0.0, 1000), (0.5, 875), (1.0, 750), (7.0, 750)]
    )
    func jitters(random: Double, milliseconds: Int) {
        var backoff = Backoff(jitter: 0.25)
        #expect(backoff.next(random: random) == .milliseconds(milliseconds))
    }

    @Test("the first delay isn't longer than the cap either")
    func capsTheFirst() {
        var backoff = Backoff(initial: .seconds(10), cap: .seconds(3))
        #expect(backoff.next(random: 0) == .seconds(3))
    }

    @Test("reset starts the row again")
    func resetByHand() {
        var backoff = Backoff()
        _ = backoff.next(random: 0)
        backoff.reset()
        #expect(backoff == Backoff())
    }
}
