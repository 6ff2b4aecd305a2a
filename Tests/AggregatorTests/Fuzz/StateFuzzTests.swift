import Shared
import TestSupport
import Testing

@testable import Aggregator

/// What may stand in `aggregator.state`, where nobody but the Aggregator should write: nothing of it ends the process.
@Suite("Fuzzing: aggregator.state", .ownThread)
struct StateFuzzTests {
    private static let coin = CoinKey(coinID: "bitcoin", vsCurrency: "usd")
    private static let start = EventTime(milliseconds: 1_763_843_700_000)

    /// Records as an older version wrote them; see also what `RestoreTests` makes.
    private static let corpus: [(key: StateKey, value: String)] = [
        (
            .position,
            #"""
            {"next_offset":42,"watermark":"2025-11-22T20:35:00.000Z",\#
            "closed_through":"2025-11-22T20:34:00.000Z","largest_event_time":"2025-11-22T20:35:10.000Z",\#
            "complete_from":"2025-11-22T20:30:00.000Z","kept_from":"2025-11-22T20:30:00.000Z","pane":"1m",\#
            "windows":["tumbling:1m","sliding:5m/1m"],"reported_rules":{"0":3}}
            """#
        ),
        (
            .coin(coin),
            #"""
            {"last_event_time":"2025-11-22T20:35:10.000Z","close":67187.33,"volume":1.5,"trades":true,\#
            "close_time":"2025-11-22T20:35:10.000Z","complete_from":"2025-11-22T20:30:00.000Z"}
            """#
        ),
        (
            .pane(coin, start: start),
            #"""
            {"count":2,"open":1.5,"high":2,"low":1,"close":1.75,"sum":3.25,"volume":5,\#
            "first":"2025-11-22T20:35:01.000Z","last":"2025-11-22T20:35:10.000Z","revisions":[0,1]}
            """#
        ),
        (
            .alert(ruleID: "btc-drop", coin),
            #"{"holds":true,"fired_at":"2025-11-22T20:35:10.000Z","kind":"change_pct","threshold":-3,"window":"5m"}"#
        ),
    ]

    @Test("keys")
    func keys() {
        Fuzzing.run(Self.corpus.map(\.key.description), words: ["/", "%", "%2F", "%00", "position", "\u{301}"]) {
            input,
            place in
            guard let key = StateKey(utf8: input.span) else { return }
            #expect(StateKey(utf8: key.utf8.span) == key, "\(place())")
        }
    }

    @Test("values: what is read is written the same", arguments: 0..<4)
    func values(_ index: Int) throws {
        let (key, example) = Self.corpus[index]
        try Fuzzing.run(Self.corpus.map(\.value) + [example, example, example], cost: 4) { input, place in
            guard let value = try? StateValue(json: input.span, for: key) else { return }
            var writer = JSONWriter()
            value.write(to: &writer)
            let bytes = writer.withUnsafeBytes { Array($0) }
            let again = try StateValue(json: bytes.span, for: key)
            #expect(again == value, "\(place())")
        }
    }

    @Test("a changelog with damaged records: refused, or a partition that goes on")
    func changelogs() throws {
        var before = CoreRun(try CoreRun.plan())
        for minute in 0..<8 { before.tick(100 + minute, second: Int64(minute) * 61) }
        before.commit()
        let records = before.changelog
        let plan = try CoreRun.plan()
        // Which record is damaged, and how: its number stands before the value.
        let corpus = records.enumerated().compactMap { index, record in record.value.map { [UInt8(index)] + $0 } }
        Fuzzing.run(bytes: corpus, cost: 80) { input, place in
            guard let first = input.first else { return }
            var run = before
            let index = Int(first) % records.count
            run.changelog[index].value = Array(input.dropFirst())
            guard (try? run.restart(plan)) != nil else { return }
            for second in [0, 200, 500, 4_000] as [Int64] { run.tick(Int(second), second: second) }
            run.commit()
        }
    }
}
