import Shared
import Testing

@testable import Aggregator

@Suite("The end of a replay") struct FlushTests {
    @Test("Windows that are still open come out in parts as they do at once, each once")
    func parts() throws {
        let windows: [WindowSpec] = [.tumbling(CoreRun.minute), .sliding(5 * CoreRun.minute, every: CoreRun.minute)]
        var run = CoreRun(try CoreRun.plan(windows))
        for second in 0..<200 {
            let coin = CoinKey(coinID: "coin-\(second % 7)", vsCurrency: "usd")
            run.tick(100 + second, second: Int64(second), coin: coin)
        }
        var whole = WindowOutput()
        var core = run.core
        let isDone = core.flush(into: &whole)
        #expect(isDone)
        // At 12:03:19 three minutes are closed: of each coin one is open, and the five sliding windows that have it.
        #expect(whole.results.count == 7 * 6)
        #expect(whole.results.allSatisfy { $0.isPartial })

        run.core.closeLimit = 4
        var calls = 1
        var output = WindowOutput()
        var parts: [PriceAggregate] = []
        while !run.core.flush(into: &output) {
            #expect(output.results.count <= 5)
            parts += output.results.map(run.core.aggregate)
            output.removeAll()
            calls += 1
        }
        parts += output.results.map(run.core.aggregate)
        #expect(calls > 7)
        #expect(parts == whole.results.map(core.aggregate))
    }
}
