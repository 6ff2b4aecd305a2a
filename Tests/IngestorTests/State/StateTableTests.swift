import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("What ingestor.state says")
struct StateTableTests {
    private static let time = EventTime(milliseconds: 1_779_108_571_123)

    @Test(
        "a key is read as it is written",
        arguments: [
            StateKey.budget("abc"), .coin(CoinKey(coinID: "bitcoin", vsCurrency: "usd")),
            .coin(CoinKey(coinID: "odd/id é", vsCurrency: "btc")), .page("0f"), .replay("1e"), .backfill("2d"),
        ]
    )
    func keys(key: StateKey) {
        #expect(StateKey(key.text) == key)
    }

    @Test(
        "what is none of ours is no key",
        arguments: ["", "budget", "budget/", "coin/usd", "coin//x", "coin/usd/", "x/y"]
    )
    func noKeys(text: String) {
        #expect(StateKey(text) == nil)
    }

    @Test("every value is read as it is written")
    func values() throws {
        func check<Value: StateValue>(_ value: Value) throws {
            let bytes = value.bytes
            #expect(try Value(json: bytes.span) == value)
        }
        let price = try #require(Price("0.00000000123"))
        try check(SentTick(timestamp: Self.time, price: price, lastUpdated: nil))
        try check(SentTick(timestamp: Self.time, price: price, lastUpdated: Self.time))
        try check(PageMemory(etag: "W/\"a\"", isEmpty: false, newest: Self.time, answered: Self.time))
        try check(PageMemory(etag: nil, isEmpty: true, newest: nil, answered: Self.time))
        try check(ReplayPosition(offset: 12, lines: 3, ticks: 2, isDone: false))
        let coins = [CoinName(id: "a\"b", symbol: "é", name: ""), CoinName(id: "c", symbol: "c", name: "C")]
        let request = BackfillRequest(
            coins: .largest(2),
            vsCurrencies: ["usd", "eur"],
            from: Self.time,
            to: nil,
            granularity: .fiveMinutes,
            outputPrefix: "",
            mostCalls: nil,
            isGap: true
        )
        try check(BackfillProgress(request, from: Self.time, to: Self.time, coins: coins))
        var ledger = BudgetLedger()
        let limits = CallLimits(perMinute: 30, perMonth: 10_000, round: 2)
        for purpose in [CallPurpose.poll, .backfill, .poll] {
            ledger = ledger.spending(purpose, at: Self.time, limits: limits, writer: "w")
        }
        try check(ledger)
    }

    @Test("an ETag that can't go into a header is no ETag")
    func badETag() throws {
        let text = Array(#"{"etag":"a\r\nx: y","answered":"2026-05-18T12:49:30Z"}"#.utf8)
        #expect(try PageMemory(json: text.span).etag == nil)
    }

    @Test("a tombstone forgets, and what can't be read changes nothing")
    func folding() {
        var table = StateTable()
        let key = CoinKey(coinID: "a", vsCurrency: "usd")
        let tick = SentTick(timestamp: Self.time, price: .zero, lastUpdated: nil)
        table.apply(StateRecord(key: .coin(key), value: tick.bytes))
        table.apply(StateRecord(key: .coin(key), value: Array("{".utf8)))
        table.apply(StateRecord(key: .coin(key), value: Array("{}".utf8)))
        #expect(table.coins == [key: tick])
        #expect(table.unreadable == 2)
        table.apply(StateRecord(key: .coin(key), value: nil))
        #expect(table.coins.isEmpty)
    }

    @Test("bytes at random are read without a trap", arguments: 0..<20)
    func noise(seed: Int) {
        var random = TestSupport.SplitMix64(seed: UInt64(seed))
        var table = StateTable()
        let ledger = BudgetLedger().spending(
            .poll,
            at: Self.time,
            limits: CallLimits(perMinute: 5, perMonth: 10, round: 1),
            writer: "w"
        )
        for _ in 0..<500 {
            var bytes = ledger.bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            table.apply(StateRecord(key: .budget("x"), value: bytes))
            if let read = table.budgets["x"] {
                let limits = CallLimits(perMinute: 5, perMonth: 10, round: 1)
                _ = read.spending(.poll, at: Self.time, limits: limits, writer: "v").wait(
                    for: .poll,
                    at: Self.time,
                    limits: limits
                )
            }
        }
    }
}
