import Shared
import TestSupport
import Testing

@testable import Aggregator

/// What becomes of state that was written under other settings, or by nobody of ours.
@Suite("Restoring") struct RestoreTests {
    private static let minute = CoreRun.minute

    // MARK: - Changed settings

    @Test("Windows in another order keep their revisions, however often the service restarts before the late tick")
    func reordered() throws {
        let windows: [WindowSpec] = [
            .tumbling(Self.minute), .sliding(5 * Self.minute, every: Self.minute), .tumbling(2 * Self.minute),
        ]
        var run = CoreRun(try CoreRun.plan(windows))
        run.tick(100, second: 0)
        run.tick(100, second: 3 * 60)  // closes 12:00-12:01 and 12:00-12:02, among others
        run.commit()
        let reordered = try CoreRun.plan([windows[2], windows[0], windows[1]])
        for _ in 0..<3 {
            try run.restart(reordered)
            run.tick(100, second: 3 * 60 + 1)
            run.commit()
        }
        run.tick(105, second: 30)
        #expect(
            run.results.filter { !$0.synthetic && $0.window == .tumbling }.map(\.summary).sorted() == [
                "tumbling 12:00-12:01 105 r1", "tumbling 12:00-12:02 105 r1",
            ]
        )
    }

    @Test("A smaller out-of-orderness keeps the open panes of a larger one")
    func smallerOutOfOrderness() throws {
        var run = CoreRun(try CoreRun.plan(outOfOrderness: 20 * Self.minute))
        for minute in 0..<20 { run.tick(minute, second: Int64(minute) * 60) }
        run.commit()
        try run.restart(try CoreRun.plan(outOfOrderness: 0))
        run.tick(99, second: 20 * 60)
        let expected = (0..<20).map { minute in
            let (start, end) = ("12:\(minute < 10 ? "0" : "")\(minute)", "12:\(minute < 9 ? "0" : "")\(minute + 1)")
            return "tumbling \(start)-\(end) \(minute) r0"
        }
        #expect(run.results.map(\.summary).sorted() == expected)
    }

    @Test("A larger lateness doesn't begin panes anew that a smaller one has given up")
    func largerLateness() throws {
        var run = CoreRun(try CoreRun.plan(allowedLateness: Self.minute, syntheticLimit: 0))
        run.tick(100, second: 0)
        run.tick(100, second: 10 * 60)
        run.commit()
        try run.restart(try CoreRun.plan(allowedLateness: 30 * Self.minute, syntheticLimit: 0))
        guard case .late = run.tick(50, second: 30) else {
            Issue.record("the pane of 12:00 has gone: a tick must not make another window of it")
            return
        }
        #expect(run.results.isEmpty)
        run.commit()
        try run.restart(try CoreRun.plan(allowedLateness: 40 * Self.minute, syntheticLimit: 0))
        guard case .late = run.tick(50, second: 31) else {
            Issue.record("the bound is stored")
            return
        }
        let decision = run.tick(50, second: 9 * 60 + 30)
        #expect(decision == .revised)
    }

    @Test("Windows longer than those before are partial for as long as they reach back to what was given up")
    func longerWindows() throws {
        var run = CoreRun(try CoreRun.plan(allowedLateness: 0, syntheticLimit: 0))
        for minute in 0..<10 { run.tick(100 + minute, second: Int64(minute) * 60) }
        run.commit()
        try run.restart(try CoreRun.plan([.sliding(3 * Self.minute, every: Self.minute)], allowedLateness: 0))
        run.tick(110, second: 10 * 60)
        #expect(run.results.map(\.summary) == ["sliding 12:07-12:10 109 r0 partial"])
        run.tick(111, second: 11 * 60)
        #expect(run.results.map(\.summary) == ["sliding 12:08-12:11 110 r0"], "the pane of 12:08 was still there")
    }

    @Test("Panes of another length are dropped, their windows partial, and the price carried forward stays")
    func otherPaneLength() throws {
        var run = CoreRun(try CoreRun.plan())
        run.tick(100, second: 0)
        run.tick(101, second: 60)
        run.commit()
        try run.restart(try CoreRun.plan([.tumbling(30_000_000)]))
        run.tick(102, second: 120)
        #expect(
            run.results.map(\.summary) == [
                "tumbling 12:01-12:01 100 r0 synthetic partial", "tumbling 12:01-12:02 100 r0 synthetic partial",
            ]
        )
        run.commit()
        #expect(!run.keys.contains { $0.hasPrefix("pane/2026-11-22T12:00:00") })
    }

    // MARK: - Rules

    private func fall(_ minutes: Int64) -> AlertRule {
        AlertRule(
            ruleID: "fall",
            coinID: "*",
            vsCurrency: "usd",
            kind: .changePct,
            threshold: Price(-10),
            windowMicroseconds: minutes * Self.minute
        )
    }

    @Test("A rule that now watches another window has yet to look, also after a restart")
    func otherWindowOfARule() throws {
        let plan = try CoreRun.plan([2, 3].map { .sliding($0 * Self.minute, every: Self.minute) })
        for sameWindow in [true, false] {
            var run = CoreRun(plan, rules: [fall(2)])
            run.tick(100, second: 0)
            run.tick(100, second: 60)  // closes 11:59-12:01: the first look, and nothing falls
            run.commit()
            try run.restart(plan, rules: [sameWindow ? fall(2) : fall(3)])
            run.tick(50, second: 61)
            run.tick(50, second: 120)
            #expect(run.alerts.count == (sameWindow ? 1 : 0))
        }
    }

    @Test("A rule that was changed and changed back while nothing came has yet to look, also after a restart")
    func changedAndChangedBack() throws {
        let plan = try CoreRun.plan()
        func above(_ price: Int) -> AlertRule {
            AlertRule(ruleID: "up", coinID: "*", vsCurrency: "usd", kind: .above, threshold: Price(price))
        }
        for restarts in [false, true] {
            var run = CoreRun(plan, rules: [above(10)])
            run.tick(5, second: 0)
            run.commit()
            _ = run.core.setRule(above(20))
            _ = run.core.setRule(above(10))
            run.commit()
            if restarts { try run.restart(plan, rules: [above(10)]) }
            run.tick(15, second: 1)
            #expect(run.alerts.isEmpty)
        }
    }

    @Test("What a rule saw before it changed is gone for good, also of a coin that has no panes any more")
    func changedWhileSilent() throws {
        func above(_ price: Int) -> AlertRule {
            AlertRule(ruleID: "up", coinID: "bitcoin", vsCurrency: "usd", kind: .above, threshold: Price(price))
        }
        let plan = try CoreRun.plan(syntheticLimit: 0)
        var run = CoreRun(plan, rules: [above(10)])
        run.tick(5, second: 0)
        run.commit()
        run.tick(5, second: 3_600, coin: CoinKey(coinID: "other", vsCurrency: "usd"))
        run.commit()
        try run.restart(plan, rules: [above(20)])
        run.commit()
        try run.restart(plan, rules: [above(10)])
        run.tick(15, second: 3_601)
        #expect(run.alerts.isEmpty)
    }

    // MARK: - Records that are none of ours

    private func corrupted(_ key: String, _ value: String?) throws -> CoreRun {
        var run = CoreRun(try CoreRun.plan([.tumbling(Self.minute), .sliding(5 * Self.minute, every: Self.minute)]))
        run.tick(100, second: 0)
        run.tick(101, second: 60)
        run.commit()
        run.changelog.append((Array(key.utf8), value.map { Array($0.utf8) }))
        return run
    }

    @Test("Panes with figures that no pane has are dropped, and the windows that need them are partial")
    func impossiblePanes() throws {
        let sum = "170141183460469231731.687303715884105727"
        let prices = #""open":1,"high":1,"low":1,"close":1"#
        let times = #""first":"2026-11-22T12:01:00.000Z","last":"2026-11-22T12:01:59.000Z""#
        for value in [
            "{\"count\":2,\(prices),\"sum\":\(sum),\(times),\"emitted\":0}",
            "{\"count\":2,\(prices),\"sum\":2,\"first\":\"2026-11-22T12:01:00Z\",\"last\":\"2030-01-01T00:00:00Z\"}",
            "{\"count\":1,\"open\":5,\"high\":1,\"low\":1,\"close\":1,\"sum\":1,\(times)}",
            "{\"count\":\"one\"}", "garbage", "",
        ] {
            var run = try corrupted("pane/2026-11-22T12:01:00.000Z/usd/bitcoin", value)
            let outcome = try run.restart(run.core.plan)
            #expect(outcome.faults.values.count == 1, "\(value)")
            run.tick(102, second: 60 + 30)
            run.tick(103, second: 120)
            let minute = run.results.filter { $0.window == .tumbling }.map(\.summary)
            #expect(minute == ["tumbling 12:01-12:02 102 r0 partial"], "\(value)")
            run.commit()
            let again = try run.restart(run.core.plan)
            #expect(again.faults.isEmpty, "it has been replaced: \(value)")
        }
    }

    @Test("Restored figures at the edges of their ranges never trap, whatever is merged from them")
    func extremes() throws {
        let most = "170141183460469231731.687303715884105727"
        var run = CoreRun(try CoreRun.plan([.tumbling(Self.minute), .sliding(5 * Self.minute, every: Self.minute)]))
        run.tick(100, second: 0)
        run.tick(100, second: 4 * 60)
        run.commit()
        for minute in 1...3 {
            let prices = "\"open\":\(most),\"high\":\(most),\"low\":\(most),\"close\":\(most),\"sum\":\(most)"
            let time = "2026-11-22T12:0\(minute):00.000Z"
            let value =
                "{\"count\":1,\(prices),\"first\":\"\(time)\",\"last\":\"\(time)\",\"emitted\":65535,"
                + "\"revisions\":[4294967295,4294967295,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7]}"
            run.changelog.append((Array("pane/\(time)/usd/bitcoin".utf8), Array(value.utf8)))
        }
        try run.restart(run.core.plan)
        for second in [61, 125, 190, 299] as [Int64] { run.tick(1, second: second) }
        run.tick(1, second: 5 * 60)
        run.tick(1, second: 20 * 60)
        run.commit()
        #expect(run.results.contains { $0.window == .sliding })
    }

    @Test("A key that is none of ours is passed over and left alone")
    func unknownKeys() throws {
        for key in ["", "garbage", "pane/x", "coin/%zz/bitcoin", "pane/2026-11-22T12:01:00.000Z/usd"] {
            var run = try corrupted(key, "{}")
            let outcome = try run.restart(run.core.plan)
            #expect(outcome.foundPosition)
            #expect(outcome.faults.unknownKeys == 1 && outcome.faults.values.isEmpty, "\(key)")
            run.tick(103, second: 120)
            run.commit()
            #expect(run.keys.contains(key))
        }
    }

    @Test(
        "A position that can't be used ends the start with the record's place and where to read on",
        arguments: [
            "garbage", "{}", #"{"next_offset":-1}"#,
            #"{"next_offset":3,"watermark":"2026-11-22T12:00:00Z","largest_event_time":"2029-11-22T12:00:00Z"}"#,
            #"{"next_offset":3,"watermark":"2026-11-22T12:00:00Z","closed_through":"2026-11-22T12:00:01Z"}"#,
        ]
    )
    func badPosition(value: String) throws {
        var run = try corrupted("position", value)
        let error = #expect(throws: StateError.self) { try run.restart(run.core.plan) }
        #expect(error?.partition == 7 && error?.fault.offset == Int64(run.changelog.count - 1))
        #expect(error?.description.contains("docs/troubleshooting.md") == true)
        #expect(error?.disposition == .fatal)
    }

    @Test("Without a position a partition starts anew, and what is left of its state goes")
    func noPosition() throws {
        let rule = AlertRule(ruleID: "up", coinID: "*", vsCurrency: "usd", kind: .above, threshold: Price(1))
        var run = CoreRun(try CoreRun.plan(), rules: [rule])
        run.tick(100, second: 0)
        run.tick(100, second: 3_600)
        run.commit()
        #expect(run.keys.count > 2)
        run.changelog.append((Array("position".utf8), nil))
        let outcome = try run.restart(run.core.plan, rules: [rule])
        #expect(!outcome.foundPosition)
        #expect(run.core.windows.coins.count == 0 && run.core.watermark == nil)
        run.commit()
        #expect(run.keys == ["position"])
    }

    @Test("Mutated records of a changelog never trap, and a start fails only for the position", arguments: 0..<20)
    func mutated(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<25 {
            let windows: [WindowSpec] = [.tumbling(Self.minute), .sliding(5 * Self.minute, every: Self.minute)]
            var run = CoreRun(try CoreRun.plan(windows))
            for second in 0..<40 { run.tick(Int(random.next() % 100), second: Int64(second * 20)) }
            run.commit()
            for _ in 0..<3 {
                let place = Int(random.next() % UInt64(run.changelog.count))
                var (key, value) = run.changelog[place]
                let isKey = random.chance(1, in: 3)
                var bytes = isKey ? key : value ?? []
                for _ in 0..<3 where !bytes.isEmpty {
                    let index = Int(random.next() % UInt64(bytes.count))
                    let byte = UInt8(truncatingIfNeeded: random.next())
                    bytes[index] = random.pick([byte, UInt8(ascii: "9"), UInt8(ascii: "-")])
                }
                if isKey { key = bytes } else { value = bytes }
                run.changelog.append((key, value))
            }
            do {
                try run.restart(run.core.plan)
            } catch let error as StateError {
                #expect(error.fault.key == "position", "seed \(seed)")
                continue
            }
            for second in 0..<40 { run.tick(Int(random.next() % 100), second: Int64(600 + second * 20)) }
            run.commit()
        }
    }
}
