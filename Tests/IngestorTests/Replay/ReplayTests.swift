import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("Replay")
struct ReplayTests {
    /// What a replay did.
    private struct Run {
        var ticks: [PriceTick] = []
        var waits: [Duration] = []
        var failure: String?
        var bad = 0
    }

    private let wall = EventTime(milliseconds: 1_800_000_000_000)

    private func replay(_ text: String, _ environment: [String: String] = [:]) throws -> Run {
        try TemporaryFile.with(text) { path in
            var environment = environment
            environment["INGESTOR_SOURCE"] = "replay"
            environment["INGESTOR_REPLAY_FILE"] = path
            if environment["INGESTOR_REPLAY_SPEED"] == nil { environment["INGESTOR_REPLAY_SPEED"] = "max" }
            let settings = try IngestorSettings(SettingsReader(environment: environment))
            let metrics = IngestorMetrics(registry: PrometheusRegistry())
            var run = Run()
            do {
                var source = try ReplaySource(
                    settings: settings.replay,
                    table: .builtIn(),
                    currency: settings.vsCurrencies[0],
                    metrics: metrics
                )
                var batch = TickBatch()
                var uptime: Duration = .zero
                while true {
                    batch.reset()
                    let step = try source.next(into: &batch) { ClockReading(wall: wall, uptime: uptime) }
                    for record in batch.records {
                        let value = Array(batch.bytes[record.value])
                        run.ticks.append(try PriceTick(json: value.span))
                    }
                    if case .wait(let wait) = step {
                        run.waits.append(wait)
                        uptime += wait
                    }
                    if step == .finished { break }
                }
            } catch let error as ReplayError {
                run.failure = error.description
            }
            run.bad = metrics.skipped(.malformed)?.value ?? 0
            return run
        }
    }

    @Test("Trades: size, trade_id and side of a CSV and of NDJSON go into the ticks, digit for digit")
    func trades() throws {
        let csv = try replay(
            """
            side,timestamp,coin_id,price,trade_id,size
            buy,2026-11-22T20:35:00.123Z,bitcoin,67187.33,0042,0.000000000000000001
            ,2026-11-22T20:35:01Z,bitcoin,67187.34,,
            sell,2026-11-22T20:35:02Z,bitcoin,67187.35,43,12.5
            bid,2026-11-22T20:35:03Z,bitcoin,67187.36,44,1
            buy,2026-11-22T20:35:04Z,bitcoin,67187.37,45,-1
            """
        )
        #expect(csv.failure == nil && csv.bad == 2)
        #expect(csv.ticks.map(\.size) == [Price(units: 1), nil, Price("12.5")])
        #expect(csv.ticks.map(\.tradeID) == ["0042", nil, "43"])
        #expect(csv.ticks.map(\.side) == [.buy, nil, .sell])
        let lines = csv.ticks.map { tick in
            var json = JSONWriter()
            tick.write(to: &json)
            return json.text
        }
        let ndjson = try replay(lines.joined(separator: "\n"))
        #expect(ndjson.failure == nil && ndjson.ticks == csv.ticks)
    }

    @Test("CSV: any order of columns, quotes, all forms of time, an empty volume")
    func csv() throws {
        let run = try replay(
            """
            price,timestamp,"coin_id",volume,note\r
            67187.3358936,2026-11-22T20:35:00.123Z,bitcoin,31260929299.52,"a, ""b""\r
            c"\r
            8.08e-06,1795379700,"shiba-inu",,\r
            1,1795379700123,tether,5,x\r
            2,1795379701.5,tether,0,x\r
            3,2026-11-22 22:35:02+02:00,tether,0,x\r
            """
        )
        #expect(run.failure == nil)
        #expect(run.ticks.map(\.coinID) == ["bitcoin", "shiba-inu", "tether", "tether", "tether"])
        #expect(run.ticks.map(\.price.description) == ["67187.3358936", "0.00000808", "1", "2", "3"])
        #expect(
            run.ticks.map(\.timestamp.description) == [
                "2026-11-22T20:35:00.123Z", "2026-11-22T20:35:00.000Z", "2026-11-22T20:35:00.123Z",
                "2026-11-22T20:35:01.500Z", "2026-11-22T20:35:02.000Z",
            ]
        )
        #expect(run.ticks.map { $0.totalVolume?.description } == ["31260929299.52", nil, "5", "0", "0"])
        #expect(run.ticks.allSatisfy { $0.source == "replay" && $0.vsCurrency == "usd" && $0.ingestedAt == wall })
    }

    @Test("CSV: the 24-hour volume has its own name, or an older one, and is never a trade's size")
    func volumeNames() throws {
        for (names, wanted) in [
            ("volume,total_volume,total_volume_24h", "3"), ("volume,total_volume,x", "2"), ("volume,x,y", "1"),
        ] {
            let run = try replay("timestamp,coin_id,price,\(names)\n1795379700,bitcoin,9,1,2,3\n")
            #expect(run.ticks.map { $0.totalVolume?.description } == [wanted], "\(names)")
            #expect(run.ticks.allSatisfy { $0.size == nil })
        }
    }

    @Test("CSV: more columns name symbol, name and currency")
    func moreColumns() throws {
        let run = try replay(
            "timestamp,coin_id,price,vs_currency,symbol,name\n1795379700,bitcoin,1,eur,btc,Bitcoin\n1795379701,x,1,,,\n",
            ["INGESTOR_VS_CURRENCIES": "chf"]
        )
        #expect(run.ticks.map(\.vsCurrency) == ["eur", "chf"])
        #expect(run.ticks.map(\.name) == ["Bitcoin", ""])
        #expect(run.ticks.map(\.symbol) == ["btc", ""])
    }

    @Test("CSV and NDJSON take the same ticks, and say the same of the others")
    func sameRules() throws {
        let long = String(repeating: "x", count: 257)
        let rows: [(coin: String, price: String, currency: String, isGood: Bool)] = [
            ("bitcoin", "0", "usd", true), ("bitcoin", "-0.01", "usd", false), ("", "1", "usd", false),
            (long, "1", "usd", false), (String(long.dropLast()), "1", "usd", true),
            ("bitcoin", "1", String(repeating: "u", count: 65), false), ("bitcoin", "1", "eur", true),
        ]
        let csv = try replay(
            "timestamp,coin_id,price,vs_currency\n"
                + rows.map { "1795379700,\($0.coin),\($0.price),\($0.currency)\n" }.joined()
        )
        let lines = rows.map { row in
            #"{"coin_id":"\#(row.coin)","price":\#(row.price),"vs_currency":"\#(row.currency)","#
                + #""timestamp":"2026-11-22T20:35:00Z"}"# + "\n"
        }
        let json = try replay(lines.joined())
        #expect(csv.ticks == json.ticks)
        #expect(csv.ticks.map(\.coinID) == rows.filter(\.isGood).map(\.coin))
        #expect(csv.bad == 4 && json.bad == 4)
        #expect(csv.ticks.allSatisfy { $0.source == "replay" && $0.symbol.isEmpty })
    }

    @Test(
        "CSV: lines that make no tick are counted and passed over, and end the replay when that is wanted",
        arguments: [
            "1795379700,bitcoin", "1795379700,bitcoin,1,2,3", "yesterday,bitcoin,1,2", ",bitcoin,1,2",
            "1795379700,,1,2",
            "1795379700,bitcoin,,2", "1795379700,bitcoin,1.,2", "1795379700,bitcoin,-1,2", "1795379700,bitcoin,1,two",
            "1795379700,bitcoin,1e99,2", "1795379700,\"bitcoin,1,2", "1795379700,bit\"coin,1,2",
            "1795379700,\"bit\"coin,1,2",
            "99999999999999999999999,bitcoin,1,2", "NaN,bitcoin,1,2", "1795379700,bitcoin,0x10,2",
        ]
    )
    func badLines(line: String) throws {
        let text = "timestamp,coin_id,price,volume\n1795379700,first,1,2\n\(line)\n1795379701,last,1,2\n"
        let skipped = try replay(text)
        #expect(skipped.ticks.map(\.coinID) == ["first", "last"])
        #expect(skipped.bad == 1)
        #expect(skipped.failure == nil)
        let stopped = try replay(text, ["INGESTOR_REPLAY_BAD_LINES": "stop"])
        #expect(stopped.failure?.contains("line 3:") == true, "\(stopped.failure ?? "no failure")")
    }

    @Test("a header without the needed columns, an empty file and a file of bad lines only are errors that say so")
    func unusable() throws {
        #expect(try replay("time,coin,price\n1,2,3\n").failure?.contains("timestamp, coin_id") == true)
        #expect(try replay("timestamp,coin_id,price,price\n").failure?.contains("price twice") == true)
        #expect(try replay("").failure?.contains("is empty") == true)
        #expect(try replay("timestamp,coin_id,price\nx,y,z\n").failure?.contains("no line that makes a tick") == true)
        #expect(try replay("timestamp,coin_id,price\n").failure == nil)
    }

    @Test("NDJSON: ticks as they stand on the topic; source and time of receipt are this replay's")
    func ndjson() throws {
        let line = #"""
            {"coin_id":"bitcoin","symbol":"btc","name":"Bit\u00e9","vs_currency":"usd","price":67187.3358936,"other":[1],\#
            "market_cap":null,"timestamp":"2026-11-22T20:35:00.123456Z","ingested_at":"2026-11-22T20:35:01.456Z","source":"coingecko"}
            """#
        let run = try replay("\(line)\n{}\n[1]\nno\n\(line)")
        #expect(run.ticks.count == 2)
        #expect(run.bad == 3)
        let tick = try #require(run.ticks.first)
        #expect(tick.name == "Bité")
        #expect(tick.price.description == "67187.3358936")
        #expect(tick.timestamp.description == "2026-11-22T20:35:00.123456Z")
        #expect(tick.source == "replay")
        #expect(tick.ingestedAt == wall)
    }

    @Test("ticks written as CSV or NDJSON come back as they were", arguments: 0..<40)
    func roundTrip(seed: Int) throws {
        var random = TestSupport.SplitMix64(seed: UInt64(seed))
        let texts = ["bitcoin", "a,b", "say \"hi\"", "zwei\nZeilen", "é€𝄞", " spaces ", "\"", "'"]
        let ticks = (0..<Int.random(in: 1...700, using: &random)).map { _ in
            PriceTick(
                coinID: random.pick(texts),
                symbol: random.pick(texts),
                name: random.pick(texts),
                vsCurrency: random.pick(["usd", "eur"]),
                price: Price(units: Int128(random.next()) << Int128(random.next() % 40)),
                totalVolume: random.chance(1, in: 3) ? nil : Price(units: Int128(random.next())),
                timestamp: EventTime(microseconds: Int64(random.next() % 4_000_000_000_000_000)),
                ingestedAt: wall,
                source: "replay"
            )
        }
        let json = ticks.map { tick in
            var writer = JSONWriter()
            tick.write(to: &writer)
            return writer.text
        }
        let isSame = try replay(json.joined(separator: "\n")).ticks == ticks
        #expect(isSame, "seed \(seed), NDJSON")

        func quoted(_ text: String) -> String {
            "\"\(text.map { $0 == "\"" ? "\"\"" : String($0) }.joined())\""
        }
        let lines = ticks.map { tick in
            let texts = [tick.coinID, tick.symbol, tick.name, tick.vsCurrency].map(quoted).joined(separator: ",")
            return "\(tick.timestamp),\(texts),\(tick.price),\(tick.totalVolume?.description ?? "")"
        }
        let csv = (["timestamp,coin_id,symbol,name,vs_currency,price,volume"] + lines).joined(separator: "\r\n")
        let back = try replay(csv)
        #expect(back.failure == nil && back.bad == 0, "seed \(seed): \(back.failure ?? "")")
        let isSameAgain = back.ticks == ticks
        #expect(isSameAgain, "seed \(seed), CSV")
    }

    @Test("the pace is the original one times a factor; older ticks don't wait")
    func pace() throws {
        let text = "timestamp,coin_id,price\n100,a,1\n110,a,2\n105,a,3\n120,a,4\n"
        #expect(try replay(text, ["INGESTOR_REPLAY_SPEED": "1x"]).waits == [.seconds(10), .seconds(10)])
        #expect(try replay(text, ["INGESTOR_REPLAY_SPEED": "10x"]).waits == [.seconds(1), .seconds(1)])
        #expect(try replay(text, ["INGESTOR_REPLAY_SPEED": "max"]).waits == [])
        #expect(try replay(text, ["INGESTOR_REPLAY_SPEED": "0.5x"]).waits == [.seconds(20), .seconds(20)])
    }

    @Test("the slowest pace and the longest file wait an hour at a time, and overflow nothing")
    func longestWaits() {
        var pace = ReplayPace(speed: .times(ReplaySpeed.factors.lowerBound))
        #expect(pace.wait(for: .earliest, at: .zero) == .zero)
        #expect(pace.wait(for: .latest, at: .zero) == ReplayPace.longestWait)
        #expect(pace.wait(for: EventTime(microseconds: .max), at: .zero) == .zero)
        for text in ["1e-12x", "0x", "-1x", "nanx", "infx", "1e7x", "1", "x", ""] {
            #expect(ReplaySpeed(text) == nil, "\(text)")
        }
        #expect(ReplaySpeed("0.001x") == .times(0.001))
        #expect(ReplaySpeed("1e6x")?.description == "1000000x")
    }

    @Test("what is not UTF-8, or too long for a tick, is a bad line")
    func unusableText() throws {
        let long = String(repeating: "x", count: TickBatch.longestValue)
        let text = "timestamp,coin_id,price,name\n1,a,1,\(long)\n2,b,1,ok\n"
        let run = try replay(text)
        #expect(run.ticks.map(\.coinID) == ["b"])
        #expect(run.bad == 1)
        let columns = try ReplayColumns(header: ["timestamp", "coin_id", "price"])
        var decoder = ReplayDecoder(columns: columns, coin: ReplayCoin(vsCurrency: "usd"))
        let line = Array("1,".utf8) + [0xC3, 0x28] + Array(",1".utf8)
        #expect(throws: ReplayDecoder.Failure.self) { try decoder.tick(line.span, ingestedAt: wall) }
    }
}
