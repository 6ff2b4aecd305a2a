import Shared
import TestSupport

/// Makes ticks from a seed: most in bounds, some repeated, some within the allowed lateness, some beyond, some unreadable.
struct TickMaker {
    private var random: SplitMix64
    private let coins: [String]

    init(seed: UInt64, coins: Int) {
        random = SplitMix64(seed: seed)
        self.coins = (0..<coins).map { "coin-\($0)" }
    }

    /// The next record, and once more where it is sent twice.
    /// - Parameter now: the time of day, in microseconds since the Unix epoch.
    mutating func next(at now: Int64) -> [(key: String, value: String)] {
        let coin = random.pick(coins)
        if random.chance(1, in: 200) { return [(coin, "{\"coin_id\":\"\(coin)\",\"price\":")] }
        let behind: UInt64 =
            random.chance(1, in: 50) ? 900_000_000 : random.chance(1, in: 20) ? 200_000_000 : 8_000_000
        let time = EventTime(microseconds: now - Int64(random.next() % behind))
        let isTrade = random.chance(1, in: 2)
        let tick = PriceTick(
            coinID: coin,
            symbol: "c",
            name: coin,
            vsCurrency: "usd",
            price: Price(units: Int128(random.next() % 1_000_000_000) * 1_000_000_000_000),
            size: isTrade ? Price(units: Int128(random.next())) : nil,
            totalVolume: Price(Int(random.next() % 1_000_000)),
            timestamp: time,
            ingestedAt: time,
            source: random.chance(1, in: 2) ? "simulator" : random.chance(1, in: 2) ? "coingecko" : "coinpaprika"
        )
        var json = JSONWriter()
        tick.write(to: &json)
        return Array(repeating: (coin, json.text), count: random.chance(1, in: 20) ? 2 : 1)
    }
}

extension SimulatedKafka {
    /// Lets a maker's records come in one after the other, each after a pause.
    /// - Parameters:
    ///   - pause: how long it is, in microseconds; asked once a record.
    ///   - goesOn: whether there is another one.
    func feed(_ maker: TickMaker, after pause: @escaping () -> Int64, while goesOn: @escaping () -> Bool = { true }) {
        simulation.after(pause()) { [self] in
            guard goesOn() else { return }
            var maker = maker
            for record in maker.next(at: Simulation.beginning + simulation.now) {
                append(Topic.raw.rawValue, key: Array(record.key.utf8), value: Array(record.value.utf8))
            }
            feed(maker, after: pause, while: goesOn)
        }
    }
}
