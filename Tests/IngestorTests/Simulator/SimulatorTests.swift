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
        start: EventTime = EventTime(milliseconds: 1_779_108_571_000)
    ) throws -> [PriceTick] {
        var source = SimulatorSource(
            coins: SimulatedCoin.largest(coins),
            vsCurrency: "usd",
            seed: seed,
            rate: .max,
            limit: count
        )
        var result: [PriceTick] = []
        var batch = TickBatch()
        var step = SourceStep.more
        while step == .more {
            batch.reset()
            step = try source.next(into: &batch) { ClockReading(wall: start, uptime: .zero) }
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
            for _ in 0..<coin.decimals { unit /= 10 }
            let base = Price(units: Int128(coin.base) * unit)
            #expect(tick.price.units > base.units / 5 && tick.price.units < base.units * 5, "\(tick)")
            let high = try #require(tick.high24h)
            let low = try #require(tick.low24h)
            #expect(low <= tick.price && tick.price <= high)
            #expect(try #require(tick.marketCap) >= .zero)
        }
    }

    @Test("many coins have many scales, tiny ones too, and ids of their own")
    func scales() {
        let coins = SimulatedCoin.largest(20_000)
        #expect(Set(coins.map(\.id)).count == 20_000)
        #expect(coins[19_999].id == "sim-coin-19970")
        #expect(Set(coins.map(\.decimals)).count >= 10)
        #expect(SimulatedCoin.named("sim-coin-0001") == coins[30])
    }

    @Test("a rate is kept whatever the turns are, and a long pause is not made up for beyond a second")
    func rate() throws {
        var random = TestSupport.SplitMix64(seed: 5)
        var source = SimulatorSource(
            coins: SimulatedCoin.largest(3),
            vsCurrency: "usd",
            seed: 1,
            rate: .perSecond(1_000)
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
