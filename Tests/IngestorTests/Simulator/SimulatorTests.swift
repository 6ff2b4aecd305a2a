import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("Simulator")
struct SimulatorTests {
    private func ticks(
        _ count: Int,
        coins: Int = 40,
        seed: UInt64 = 1,
        start: EventTime = EventTime(milliseconds: 1_779_108_571_000),
        rate: SimulatorRate = .max,
        _ environment: [String: String] = [:]
    ) throws -> [PriceTick] {
        var source = SimulatorSource(
            coins: .largest(coins),
            vsCurrency: "usd",
            seed: seed,
            rate: rate,
            limit: count,
            settings: try SimulatorSettings(SettingsReader(environment: environment), seed: seed)
        )
        var result: [PriceTick] = []
        var batch = TickBatch()
        var step = SourceStep.more
        var uptime: Duration = .zero
        while step != .finished {
            batch.reset()
            step = try source.next(into: &batch) { ClockReading(wall: start, uptime: uptime) }
            if case .wait(let wait) = step { uptime += wait }
            for record in batch.records {
                let value = Array(batch.bytes[record.value])
                let tick = try PriceTick(json: value.span)
                #expect(String(decoding: batch.bytes[record.key], as: UTF8.self) == tick.coinID)
                var writer = JSONWriter()
                tick.write(to: &writer)
                #expect(writer.text == String(decoding: value, as: UTF8.self), "not what the codec writes")
                result.append(tick)
            }
        }
        #expect(step == .finished)
        return result
    }

    @Test("the same seed gives the same prices, another seed others", arguments: [1, 7, 0xFFFF_FFFF_FFFF] as [UInt64])
    func deterministic(seed: UInt64) throws {
        let first = try ticks(2_000, seed: seed)
        let later = try ticks(2_000, seed: seed, start: EventTime(milliseconds: 1_800_000_000_123))
        #expect(first.map(\.price) == later.map(\.price))
        #expect(first.map(\.coinID) == later.map(\.coinID))
        #expect(try ticks(2_000, seed: seed &+ 1).map(\.price) != first.map(\.price))
    }

    @Test("the first prices of seed 1 are these on every machine")
    func pinned() throws {
        let first = try ticks(3, coins: 3).map { "\($0.coinID) \($0.price)" }
        #expect(first == ["bitcoin 67096.88", "ethereum 3414.15", "tether 0.999542"])
    }

    @Test("coins take turns, the first with real names, and no two ticks carry the same time")
    func turns() throws {
        let ticks = try ticks(1_234, coins: 37)
        #expect(ticks.count == 1_234)
        #expect(ticks[0].coinID == "bitcoin" && ticks[0].name == "Bitcoin" && ticks[0].symbol == "btc")
        #expect(ticks[36].coinID == "sim-coin-0007" && ticks[36].name == "Sim Coin 0007")
        #expect(ticks[36].marketCapRank == 37)
        #expect(ticks[37].coinID == "bitcoin")
        #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.timestamp < $1.timestamp })
    }

    @Test("prices stay within a quarter and four times of where they began, and between high and low")
    func bounded() throws {
        for tick in try ticks(40_000, coins: 40, seed: 3) {
            let coin = SimulatedCoin.named(tick.coinID)
            var unit = Price.unitsPerOne
            for _ in 0..<coin.scale.decimals { unit /= 10 }
            let base = Price(units: Int128(coin.scale.base) * unit)
            #expect(tick.price.units > base.units / 5 && tick.price.units < base.units * 5, "\(tick)")
            let high = try #require(tick.high24h)
            let low = try #require(tick.low24h)
            #expect(low <= tick.price && tick.price <= high)
            #expect(try #require(tick.marketCap) >= .zero)
        }
    }

    @Test("many coins have many scales, tiny ones too, and ids of their own")
    func scales() throws {
        let ticks = try ticks(20_000, coins: 20_000)
        #expect(Set(ticks.map(\.coinID)).count == 20_000)
        #expect(ticks[19_999].coinID == "sim-coin-19970" && ticks[19_999].name == "Sim Coin 19970")
        let coins = (1...2_000).map { SimulatedCoin.named("sim-coin-\($0)") }
        #expect(Set(coins.map(\.scale.decimals)).count >= 10)
        let invented = SimulatedCoin.named(ticks[30].coinID)
        #expect(invented.symbol == ticks[30].symbol && invented.name == ticks[30].name)
    }

    @Test("a coin costs 24 bytes, so that there can be a million; it is the same as alone")
    func many() {
        #expect(MemoryLayout<RandomWalk>.stride + MemoryLayout<UInt64>.stride == 24)
        var random = Ingestor.SplitMix64(seed: 1)
        let coins = SimulatedCoins(.largest(100_000), vsCurrency: "usd", random: &random)
        #expect(coins.count == 100_000)
        var text = [UInt8](repeating: 0, count: 200)
        let length = text.withUnsafeMutableBufferPointer { room in
            room.baseAddress.map { coins.writeKey(99_999, to: $0) } ?? 0
        }
        let id = String(decoding: text[..<length], as: UTF8.self)
        #expect(id == "sim-coin-99970")
        #expect(coins.decimals(99_999) == SimulatedCoin.named(id).scale.decimals)
        #expect(coins[99_999].base == SimulatedCoin.named(id).scale.base)
    }

    private static let faulty = [
        "INGESTOR_SIMULATOR_DISORDER": "0.2", "INGESTOR_SIMULATOR_DISORDER_TIME": "2s",
        "INGESTOR_SIMULATOR_LATE": "0.05", "INGESTOR_SIMULATOR_LATE_TIME": "10m",
        "INGESTOR_SIMULATOR_DUPLICATES": "0.1", "INGESTOR_SIMULATOR_TRADES": "true",
        "INGESTOR_SIMULATOR_START": "2026-01-01T00:00:00Z", "INGESTOR_SIMULATOR_GAPS": "1m/20s",
        "INGESTOR_SIMULATOR_BURSTS": "30s/5s/10x",
    ]

    @Test("with a time to start at, the same settings give the same stream, whenever and however fast it is made")
    func sameStream() throws {
        let first = try ticks(20_000, coins: 50, seed: 9, rate: .perSecond(100), Self.faulty)
        let later = EventTime(milliseconds: 1_800_000_000_123)
        #expect(try ticks(20_000, coins: 50, seed: 9, start: later, rate: .perSecond(100), Self.faulty) == first)
        #expect(try ticks(20_000, coins: 50, seed: 10, rate: .perSecond(100), Self.faulty) != first)
    }

    @Test("shares are kept: so many out of order, so many late, so many twice; prices are those of the plain stream")
    func shares() throws {
        let plain = try ticks(30_000, coins: 50)
        let trades = ["INGESTOR_SIMULATOR_START": "2026-01-01T00:00:00Z"]
        for (name, share) in [("DISORDER", 0.2), ("LATE", 0.05), ("DUPLICATES", 0.1)] {
            let more = ["INGESTOR_SIMULATOR_\(name)": "\(share)"].merging(trades) { $1 }
            let ticks = try ticks(30_000, coins: 50, more)
            let ages = ticks.map { $0.ingestedAt.microseconds - $0.timestamp.microseconds }
            let hit: Int
            switch name {
            case "DISORDER":
                hit = ages.count { (1...5_000_000).contains($0) }
                #expect(ages.allSatisfy { (0...5_000_000).contains($0) })
            case "LATE":
                hit = ages.count { (600_000_000..<1_200_000_000).contains($0) }
                #expect(ages.allSatisfy { $0 == 0 || $0 >= 600_000_000 })
            default:
                hit = ticks.count - Set(ticks).count
            }
            #expect(abs(Double(hit) / 30_000 - share) < 0.01, "\(name): \(hit)")
            var seen: Set<PriceTick> = []
            let once = ticks.filter { seen.insert($0).inserted }
            #expect(once.map(\.price) == plain.prefix(once.count).map(\.price), "\(name)")
        }
    }

    @Test("trades have sizes, sides and ids that rise, and no market's figures")
    func trades() throws {
        let ticks = try ticks(5_000, coins: 60, ["INGESTOR_SIMULATOR_TRADES": "true"])
        for tick in ticks {
            let size = try #require(tick.size)
            #expect(size > .zero && tick.marketCap == nil && tick.tradeID != nil)
            let worth = (Double(size.description) ?? 0) * (Double(tick.price.description) ?? 0)
            #expect(worth > 0 && worth < 1_000_000, "\(tick)")
        }
        #expect(Set(ticks.map(\.tradeID)).count == 5_000)
        let buys = ticks.count { $0.side == .buy }
        #expect((2_300...2_700).contains(buys))
    }

    @Test("gaps are silent, bursts bring more, and both stand where the setting says")
    func shape() throws {
        let ticks = try ticks(12_000, coins: 5, rate: .perSecond(100), Self.faulty.filter { !$0.key.contains("LATE") })
        let begin = try #require(EventTime("2026-01-01T00:00:00Z")).microseconds
        var seconds: [Int64: Int] = [:]
        for tick in ticks { seconds[(tick.ingestedAt.microseconds - begin) / 1_000_000, default: 0] += 1 }
        // Of 60 s the last 20 are silent, and of 30 s the last 5 bring ten times as much. Copies tell their own time.
        #expect((0..<20).allSatisfy { (60...115).contains(seconds[$0, default: 0]) }, "\(seconds)")
        #expect((25..<30).allSatisfy { (850...1_100).contains(seconds[$0, default: 0]) }, "\(seconds)")
        #expect((40..<60).allSatisfy { seconds[$0] == nil }, "\(seconds)")
    }

    @Test("what the rate asks for is made in its own time: nothing in a gap, and ten times as much in a burst")
    func shapedRate() throws {
        var source = SimulatorSource(
            coins: .largest(3),
            vsCurrency: "usd",
            seed: 1,
            rate: .perSecond(200),
            settings: try SimulatorSettings(
                SettingsReader(environment: Self.faulty.filter { !$0.key.contains("START") }),
                seed: 1
            )
        )
        var batch = TickBatch()
        var uptime: Duration = .zero
        var seconds = [Int](repeating: 0, count: 120)
        while uptime < .seconds(120) {
            batch.reset()
            let step = try source.next(into: &batch) { ClockReading(wall: EventTime(microseconds: 0), uptime: uptime) }
            seconds[Int(uptime / .seconds(1))] += batch.count
            if case .wait(let wait) = step { uptime += wait }
        }
        #expect(seconds[0..<25].allSatisfy { (195...205).contains($0) }, "\(seconds)")
        #expect(seconds[25..<30].allSatisfy { (1_990...2_010).contains($0) }, "\(seconds)")
        #expect(seconds[41..<60].allSatisfy { $0 == 0 }, "\(seconds)")
        #expect(source.missed.count == 0)
    }

    @Test("event times before 1970 and at the ends of what RFC 3339 can write are written as the codec does")
    func oldTimes() throws {
        for start in ["1969-12-31T23:59:59.9995Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"] {
            let ticks = try ticks(500, coins: 3, ["INGESTOR_SIMULATOR_START": start, "INGESTOR_SIMULATOR_LATE": "0.5"])
            #expect(ticks.count == 500)
        }
    }

    @Test(
        "settings of gaps, bursts and shares",
        arguments: [
            ("GAPS", "5m/10s", true), ("GAPS", "10s/5m", false), ("GAPS", "5m", false), ("GAPS", "5m/10s/2x", false),
            ("BURSTS", "1m/5s/10x", true), ("BURSTS", "1m/5s", false), ("BURSTS", "1m/5s/0.5x", false),
            ("BURSTS", "1m/5s/nanx", false), ("LATE", "0.5", true), ("LATE", "1.1", false), ("LATE", "nan", false),
            ("LATE", "-0", true), ("DISORDER_TIME", "0s", false), ("START", "yesterday", false),
        ]
    )
    func texts(name: String, text: String, isAllowed: Bool) {
        let settings = try? SimulatorSettings(
            SettingsReader(environment: ["INGESTOR_SIMULATOR_\(name)": text]),
            seed: 1
        )
        #expect((settings != nil) == isAllowed, "\(text)")
    }

    @Test("a rate is kept whatever the turns are, and a long pause is not made up for beyond a second")
    func rate() throws {
        var random = TestSupport.SplitMix64(seed: 5)
        var source = SimulatorSource(
            coins: .largest(3),
            vsCurrency: "usd",
            seed: 1,
            rate: .perSecond(1_000),
            settings: try SimulatorSettings(SettingsReader(environment: [:]), seed: 1)
        )
        var batch = TickBatch()
        var made = 0
        var uptime: Duration = .zero
        func turn() throws -> SourceStep {
            batch.reset()
            let step = try source.next(into: &batch) { ClockReading(wall: EventTime(microseconds: 0), uptime: uptime) }
            made += batch.count
            return step
        }
        while uptime < .seconds(10) {
            if case .wait(let wait) = try turn() {
                uptime += wait + .microseconds(Int.random(in: 0...3_000, using: &random))
            }
        }
        #expect((9_950...10_050).contains(made), "\(made)")
        made = 0
        uptime += .seconds(600)
        while case .more = try turn() {}
        #expect((900...1_001).contains(made), "\(made)")
        #expect(source.missed.unit == .ticks)
        #expect((598_900...599_100).contains(source.missed.count), "\(source.missed.count)")
    }

    @Test(
        "settings of the rate",
        arguments: [
            ("max", true), ("1", true), ("0.5", true), ("0", false), ("-1", false), ("fast", false), ("nan", false),
        ]
    )
    func rateText(text: String, isAllowed: Bool) {
        #expect((SimulatorRate(text) != nil) == isAllowed)
        #expect(SimulatorRate(text).map(\.description) == (isAllowed ? text : nil))
    }
}
