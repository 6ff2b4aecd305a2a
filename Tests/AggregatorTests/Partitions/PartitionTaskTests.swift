import Shared
import Testing

@testable import Aggregator

@Suite("One partition without a broker: bytes in, records out")
struct PartitionTaskTests {
    /// The trace context of a producer (https://www.w3.org/TR/trace-context/).
    private static let trace = [
        KafkaHeader("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        KafkaHeader("tracestate", "tickline=1"),
    ]

    private func driver(rules: [AlertRule] = [], partitions: Int = 1) throws -> TaskDriver {
        let windows: [WindowSpec] = [.tumbling(CoreRun.minute), .tumbling(5 * CoreRun.minute)]
        let driver = TaskDriver(try CoreRun.plan(windows), partitions: partitions, rules: rules)
        // So far ahead that no tick of a test is one of the future.
        driver.clock.wall = EventTime(microseconds: CoreRun.noon + 3_600_000_000)
        return driver
    }

    @Test("A minute goes to the topic of minutes, a longer window to the other, each with the coin as key")
    func topics() throws {
        let driver = try driver()
        #expect(try driver.tick("10", second: 0).isEmpty)
        #expect(try driver.tick("12.50", second: 30).isEmpty)
        let minute = try driver.tick("11", second: 60)
        #expect(minute.map(\.topic) == [.aggregates1m])
        #expect(minute.first?.key == "bitcoin")
        #expect(minute.first?.partition == nil, "the key chooses the partition")
        let value = try #require(minute.first?.value)
        for part in [#""open":10"#, #""high":12.5"#, #""close":12.5"#, #""sample_count":2"#, #""revision":0"#] {
            #expect(value.contains(part), "\(part) in \(value)")
        }
        let more = try driver.tick("11", second: 300)
        #expect(
            more.contains {
                $0.topic == .aggregatesSliding
                    && $0.value?.contains(#""window_end":"2026-11-22T12:05:00.000Z""#) == true
            }
        )
    }

    @Test("A close of more coins than a transaction should hold is spread over several, by a tick and by the clock")
    func manyCoins() throws {
        let driver = try driver()
        for coin in 0..<25_000 { try driver.tick("\(coin + 1)", second: 0, coin: "coin-\(coin)") }
        _ = try driver.writeState()
        let last = try driver.tick("1", second: 60, coin: "coin-0")
        var parts = driver.transactions + [last]
        #expect(parts.count == 3)
        #expect(try driver.wait(seconds: 30).isEmpty)
        _ = try driver.writeState()
        let next = try driver.wait(seconds: 40)
        parts += driver.transactions.dropFirst(2) + [next]
        #expect(parts.count == 6)
        for part in parts {
            let results = part.filter { $0.topic == .aggregates1m }
            #expect(results.count <= 10_000)
            #expect(part.count <= 30_000, "results, and the state that goes with them")
        }
        let names = parts.joined().filter { $0.topic == .aggregates1m }.map { "\($0.key ?? "") \($0.value ?? "")" }
        #expect(names.count == 50_000)
        #expect(Set(names).count == 50_000)
    }

    @Test("A late tick makes a revision; beyond the allowed lateness it goes to prices.late as it came, with its trace")
    func late() throws {
        let driver = try driver()
        try driver.tick("10", second: 0)
        try driver.tick("11", second: 120)
        let revised = try driver.tick("9", second: 1)
        #expect(revised.first?.topic == .aggregates1m)
        #expect(revised.first?.value?.contains(#""revision":1"#) == true)

        try driver.tick("12", second: 1_000)
        let text = #"{ "coin_id":"bitcoin","vs_currency":"usd","price":8,"timestamp":"2026-11-22T12:00:02Z" }"#
        let late = try driver.send(key: "bitcoin", text, headers: Self.trace)
        #expect(
            late == [
                TaskDriver.Output(
                    topic: .late,
                    key: "bitcoin",
                    value: text,
                    headers: [
                        "traceparent": Self.trace[0].text, "tracestate": "tickline=1", "reason": "late",
                        "late_by_ms": "640000", "watermark": "2026-11-22T12:16:40.000Z",
                        "window_start": "2026-11-22T12:00:00.000Z", "source_topic": "prices.raw",
                        "source_partition": "0",
                        "source_offset": "4",
                    ]
                )
            ]
        )
    }

    /// The headers of a record that was put back for some services.
    private static func requeued(for services: [String]) -> [KafkaHeader] {
        Requeued(from: "prices.dead-letter[0]@1", services: services, count: 1).headers(before: [])
    }

    @Test("A tick that was put back for others is not counted again, not late and no dead letter again")
    func requeuedForOthers() throws {
        func text(_ second: Int64, price: String = "99", coin: String = "bitcoin") -> String {
            let time = EventTime(microseconds: CoreRun.noon + second * 1_000_000)
            return #"{"coin_id":"\#(coin)","vs_currency":"usd","price":\#(price),"size":1,"timestamp":"\#(time)"}"#
        }
        let others = Self.requeued(for: ["persister", "cacher"])
        // In an open window, in one that is revised, as late, as its coin's newest, as its coin's first, and broken.
        for (kind, value) in [
            ("open", text(125)), ("closed", text(1)), ("late", text(-3_600)), ("newest", text(130)),
            ("unknown", text(131, coin: "dogecoin")), ("broken", "{"), ("far", text(99_999)),
        ] {
            let driver = try driver()
            for second: Int64 in [0, 121, 130] { try driver.send(key: "bitcoin", text(second, price: "10")) }
            let key = kind == "unknown" ? "dogecoin" : "bitcoin"
            #expect(try driver.send(key: key, value, headers: others).isEmpty, "\(kind)")
            let end = try driver.send(key: "bitcoin", text(180))
            let minute = try #require(end.first { $0.topic == .aggregates1m }?.value, "\(kind)")
            #expect(minute.contains(#""sample_count":2,"#) && minute.contains(#""high":10,"#), "\(kind): \(minute)")
            #expect(end.allSatisfy { $0.topic != .deadLetter && $0.topic != .late }, "\(kind)")
            #expect(driver.counts().unchanged == 1, "\(kind)")
        }
    }

    @Test("A tick that was put back for the Aggregator is a tick as any other")
    func requeuedForUs() throws {
        let driver = try driver()
        let ours = Self.requeued(for: ["persister", "aggregator"])
        try driver.tick("10", second: 0)
        try driver.tick("10", second: 121)
        let text = #"{"coin_id":"bitcoin","vs_currency":"usd","price":8,"timestamp":"2026-11-22T12:00:02Z"}"#
        let revised = try driver.send(key: "bitcoin", text, headers: ours)
        #expect(revised.first?.value?.contains(#""sample_count":2"#) == true)
        let broken = try driver.send(key: "bitcoin", "{", headers: ours)
        #expect(broken.map(\.topic) == [.deadLetter] && broken.first?.headers["requeued_count"] == "1")
    }

    @Test("How long after its end a window with ticks has a result is measured, of revisions and synthetic ones not")
    func windowToResult() throws {
        let driver = try driver()
        driver.clock.wall = EventTime(microseconds: CoreRun.noon + 90_000_000)
        try driver.tick("10", second: 0)
        try driver.tick("11", second: 61)
        try driver.tick("9", second: 1)
        let text = driver.registry.render()
        #expect(text.contains("tickline_aggregator_window_to_result_seconds_count 1\n"))
        #expect(text.contains("tickline_aggregator_window_to_result_seconds_sum 30\n"))
        driver.clock.wall = EventTime(microseconds: CoreRun.noon + 180_000_000)
        try driver.tick("12", second: 150)
        #expect(driver.registry.render().contains("tickline_aggregator_window_to_result_seconds_count 2\n"))
    }

    @Test("A tick from the future goes to prices.late and moves nothing")
    func future() throws {
        let driver = try driver()
        try driver.tick("10", second: 0)
        let ahead = try driver.tick("1", second: 100_000)
        #expect(ahead.map(\.topic) == [.late])
        #expect(ahead.first?.headers["reason"] == "future")
        #expect(ahead.first?.headers["ahead_by_ms"] == "96400000")
        #expect(ahead.first?.headers["watermark"] == "2026-11-22T12:00:00.000Z")
        #expect(try driver.tick("11", second: 60).map(\.topic) == [.aggregates1m], "the watermark is where it was")
    }

    @Test(
        "What can't be used is a dead letter with its bytes, its headers and a reason; a trace goes with it",
        arguments: [
            ("bitcoin", nil, "the record has no value"),
            ("bitcoin", #"{"coin_id":"bitcoin","#, "JSON"),
            (
                "bitcoin", #"{"coin_id":"bitcoin","vs_currency":"usd","price":-1,"timestamp":"2026-11-22T12:00:00Z"}"#,
                "price"
            ),
            (
                "other", #"{"coin_id":"bitcoin","vs_currency":"usd","price":1,"timestamp":"2026-11-22T12:00:00Z"}"#,
                "key"
            ),
            (nil, #"{"coin_id":"bitcoin","vs_currency":"usd","price":1,"timestamp":"2026-11-22T12:00:00Z"}"#, "key"),
        ] as [(String?, String?, String)]
    )
    func deadLetters(key: String?, value: String?, reason: String) throws {
        let driver = try driver()
        let outputs = try driver.send(key: key, value, headers: Self.trace)
        #expect(outputs.map(\.topic) == [.deadLetter])
        let letter = try #require(outputs.first)
        #expect(letter.key == key)
        #expect(letter.value == value)
        #expect(letter.headers["error"]?.contains(reason) == true, "\(letter.headers["error"] ?? "")")
        #expect(letter.headers["service"] == "aggregator")
        #expect(letter.headers["traceparent"] == Self.trace[0].text)
        #expect(letter.headers["tracestate"] == "tickline=1")
        #expect(letter.headers["source_offset"] == "0")
    }

    @Test("A tick in a partition that isn't its key's is a dead letter")
    func misplaced() throws {
        let driver = try driver(partitions: 64)
        let coins = (0..<64).map { "coin-\($0)" }
        for coin in coins {
            let home = Array(coin.utf8).withUnsafeBufferPointer { Partitioner.partition(of: $0, among: 64) }
            let outputs = try driver.tick("1", second: 0, coin: coin)
            #expect(outputs.map(\.topic) == (home == 0 ? [] : [.deadLetter]), "\(coin)")
        }
    }

    @Test("A rule that fires goes to prices.alerts, once until the price has come back")
    func alerts() throws {
        let rule = AlertRule(ruleID: "r", coinID: "bitcoin", vsCurrency: "usd", kind: .above, threshold: Price(100))
        let driver = try driver(rules: [rule])
        try driver.tick("99", second: 0)
        let fired = try driver.tick("101", second: 1)
        #expect(fired.map(\.topic) == [.alerts])
        #expect(fired.first?.key == "bitcoin")
        #expect(fired.first?.value?.contains(#""rule_id":"r""#) == true)
        #expect(try driver.tick("102", second: 2).isEmpty)
    }

    @Test("A closed window and an alert are news until the state is written; a tick and a revision are none")
    func news() throws {
        let rule = AlertRule(ruleID: "r", coinID: "bitcoin", vsCurrency: "usd", kind: .above, threshold: Price(100))
        let driver = try driver(rules: [rule])
        try driver.tick("99", second: 0)
        try driver.tick("99", second: 50)
        #expect(!driver.hasNews)
        try driver.tick("101", second: 51)
        #expect(driver.hasNews, "an alert")
        _ = try driver.writeState()
        #expect(!driver.hasNews)
        try driver.tick("99", second: 60)
        #expect(driver.hasNews, "the first minute")
        _ = try driver.writeState()
        #expect(try !driver.tick("98", second: 2).isEmpty)
        #expect(!driver.hasNews, "a revision")
        try driver.tick("99", second: 180, coin: "ether")
        #expect(driver.hasNews, "an empty minute")
        _ = try driver.writeState()
        #expect(try !driver.wait(seconds: 70).isEmpty)
        #expect(driver.hasNews, "a minute that the clock has closed")
    }

    @Test("A quiet partition closes its windows by the clock, and its state ends with the position")
    func state() throws {
        let driver = try driver()
        try driver.tick("10", second: 0)
        #expect(try driver.wait(seconds: 59).isEmpty)
        #expect(try driver.wait(seconds: 1).map(\.topic) == [.aggregates1m])
        let state = try driver.writeState()
        #expect(state.count > 1)
        #expect(state.allSatisfy { $0.topic == .aggregatorState && $0.partition == 0 })
        #expect(state.last?.key == "position")
        #expect(state.last?.value?.contains(#""next_offset":1"#) == true, "\(state.last?.value ?? "")")
    }
}
