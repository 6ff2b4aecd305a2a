import Shared
import Testing

@testable import Aggregator

/// Empty windows behind a late tick, as a table.
@Suite("Synthetic windows") struct SyntheticWindowTests {
    private static let minute = CoreRun.minute

    private func run(_ plan: WindowPlan) -> CoreRun {
        var run = CoreRun(plan)
        run.tick(100, second: 0)
        run.tick(100, second: 10 * 60)  // 12:10: the nine minutes before it are synthetic
        return run
    }

    @Test("A late tick that is the last one before an empty window gives that window its price, revision + 1")
    func revised() throws {
        var run = run(try CoreRun.plan())
        let decision = run.tick(105, second: 6 * 60 + 30)
        #expect(decision == .revised)
        #expect(
            run.results.map(\.summary).sorted() == [
                "tumbling 12:06-12:07 105 r1", "tumbling 12:07-12:08 105 r1 synthetic",
                "tumbling 12:08-12:09 105 r1 synthetic", "tumbling 12:09-12:10 105 r1 synthetic",
            ]
        )
        let synthetic = try #require(run.results.last { $0.synthetic })
        let prices = [synthetic.open, synthetic.high, synthetic.low, synthetic.average]
        #expect(prices.allSatisfy { $0 == Price(105) })
    }

    @Test("One that isn't the last before it changes only the windows that contain it")
    func notTheLast() throws {
        var run = run(try CoreRun.plan())
        run.tick(105, second: 6 * 60 + 30)
        run.tick(104, second: 6 * 60 + 29)
        #expect(run.results.map(\.summary) == ["tumbling 12:06-12:07 105 r2"], "105 is still the close")
        run.tick(90, second: 8 * 60)
        run.tick(103, second: 6 * 60 + 31)
        #expect(
            run.results.map(\.summary).sorted() == [
                "tumbling 12:06-12:07 103 r3", "tumbling 12:07-12:08 103 r2 synthetic",
            ],
            "behind 12:08 another price is carried"
        )
    }

    @Test("Sliding windows that were synthetic follow, and become real where they contain the tick")
    func sliding() throws {
        var run = run(try CoreRun.plan([.sliding(2 * Self.minute, every: Self.minute)]))
        run.tick(105, second: 6 * 60 + 30)
        #expect(
            run.results.map(\.summary).sorted() == [
                "sliding 12:05-12:07 105 r1", "sliding 12:06-12:08 105 r1", "sliding 12:07-12:09 105 r1 synthetic",
                "sliding 12:08-12:10 105 r1 synthetic",
            ]
        )
    }

    @Test("Empty windows that only the late tick makes due are emitted for the first time")
    func newlyDue() throws {
        var run = run(try CoreRun.plan(syntheticLimit: 2 * Self.minute))
        run.tick(105, second: 6 * 60 + 30)
        #expect(
            run.results.map(\.summary).sorted() == [
                "tumbling 12:06-12:07 105 r0", "tumbling 12:07-12:08 105 r0 synthetic",
                "tumbling 12:08-12:09 105 r0 synthetic",
            ]
        )
    }

    @Test("A coin whose first tick is late gets the empty windows behind it")
    func firstTickIsLate() throws {
        var run = run(try CoreRun.plan())
        run.tick(7, second: 7 * 60, coin: CoinKey(coinID: "late", vsCurrency: "usd"))
        #expect(
            run.results.map(\.summary).sorted() == [
                "tumbling 12:07-12:08 7 r0", "tumbling 12:08-12:09 7 r0 synthetic",
                "tumbling 12:09-12:10 7 r0 synthetic",
            ]
        )
    }

    @Test("The revision of a synthetic window survives a restart")
    func restored() throws {
        let plan = try CoreRun.plan()
        var run = run(plan)
        run.commit()
        try run.restart(plan)
        run.tick(105, second: 8 * 60 + 30)
        run.commit()
        try run.restart(plan)
        run.tick(106, second: 8 * 60 + 31)
        #expect(
            run.results.map(\.summary).sorted() == [
                "tumbling 12:08-12:09 106 r2", "tumbling 12:09-12:10 106 r2 synthetic",
            ]
        )
    }
}
