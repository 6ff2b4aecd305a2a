import Shared
import Testing

@testable import Ingestor

/// Where does the backfill continue, and what does it cost?
@Suite("Backfill plan")
struct BackfillPlanTests {
    private static let day: Int64 = 86_400_000_000
    private let from = EventTime("2026-08-01T00:00:00Z") ?? EventTime(microseconds: 0)

    private func after(_ days: Double) -> EventTime {
        EventTime(microseconds: from.microseconds + Int64(days * 86_400_000_000))
    }

    private func plan(_ days: Double, _ series: Int, _ granularity: HistoryGranularity) -> BackfillPlan {
        let all = (0..<series).map {
            HistorySeries(coin: CoinName(id: "c\($0)", symbol: "c", name: "C"), vsCurrency: "usd")
        }
        return BackfillPlan(from: from, to: after(days), series: all, granularity: granularity)
    }

    @Test(
        "calls are windows times series; what is done costs nothing",
        arguments: [
            // days, series, granularity, days that are done, calls
            (90, 10, .hourly, 0, 10), (90.5, 10, .hourly, 0, 20), (90, 10, .fiveMinutes, 0, 900),
            (90, 10, .fiveMinutes, 45, 450), (90, 10, .fiveMinutes, 44.5, 460), (0.25, 3, .fiveMinutes, 0, 3),
            (365, 1, .daily, 0, 1), (90, 10, .hourly, 90, 0), (30, 1_000, .hourly, 0, 4_000),
        ] as [(Double, Int, HistoryGranularity, Double, Int)]
    )
    func calls(days: Double, series: Int, granularity: HistoryGranularity, done: Double, calls: Int) {
        #expect(plan(days, series, granularity).calls(from: after(done)) == calls)
    }

    @Test("windows are the same wherever it continues, and the last one ends with the range")
    func windows() {
        let plan = plan(2.5, 1, .fiveMinutes)
        #expect(plan.window(at: after(0)) == after(0)..<after(1))
        #expect(plan.window(at: after(0.999)) == after(0)..<after(1))
        #expect(plan.window(at: after(1)) == after(1)..<after(2))
        #expect(plan.window(at: after(2.1)) == after(2)..<after(2.5))
    }

    @Test("the URL names whole seconds that hold the window, and encodes what is odd")
    func url() {
        let series = HistorySeries(coin: CoinName(id: "a/b c", symbol: "", name: ""), vsCurrency: "usd")
        let window = EventTime(microseconds: 1_500_000)..<EventTime(microseconds: 7_000_000)
        #expect(
            BackfillPlan.url(series, window, baseURL: "http://x")
                == "http://x/coins/a%2Fb%20c/market_chart/range?vs_currency=usd&from=1&to=7&precision=full"
        )
    }

    @Test("a window is merged by time, cut at whole times, and holds only what is wanted")
    func pieces() {
        func point(_ seconds: Int64) -> HistoryPoint {
            HistoryPoint(time: EventTime(microseconds: seconds * 1_000_000), price: .zero)
        }
        func time(_ seconds: Int64) -> EventTime { EventTime(microseconds: seconds * 1_000_000) }
        var window = BackfillWindow()
        window.add([point(1), point(2), point(3), point(9)], of: 1, wanted: time(2)..<time(9))
        window.add([point(2), point(3), point(4)], of: 0, wanted: time(2)..<time(9))
        let pieces = window.pieces(of: 1, end: time(9))
        #expect(pieces.map { $0.entries.map(\.series) } == [[0, 1], [0, 1], [0]])
        #expect(pieces.map(\.next) == [time(3), time(4), time(9)])
        var empty = BackfillWindow()
        #expect(empty.pieces(of: 5, end: time(9)).map(\.next) == [time(9)])
    }

    @Test("the same wish has the same name, another one another")
    func names() {
        func name(_ coins: CoinList, to: EventTime? = nil, prefix: String = "") -> String {
            BackfillRequest(
                coins: coins,
                vsCurrencies: ["usd"],
                from: from,
                to: to,
                granularity: .hourly,
                outputPrefix: prefix,
                mostCalls: nil
            ).name
        }
        #expect(name(.ids(["a", "b"])) == name(.ids(["a", "b"])))
        let all = [
            name(.ids(["a", "b"])), name(.largest(2)), name(.ids(["a"]), to: after(1)), name(.ids(["a"]), prefix: "x"),
        ]
        #expect(Set(all).count == 4)
    }
}
