import Cacher
import Glibc
import Shared

/// Publishes ticks as the Cacher does, each with the time of its PUBLISH as its `timestamp`.
struct TickPublisher {
    private let redis: RedisConnection
    private let ticks: [PriceTick]
    private var json = JSONWriter()

    /// - Parameter coins: how many coins take turns, named as ``CoreFeed`` does.
    init(_ url: RedisURL, coins: Int) throws {
        redis = try RedisConnection(to: url, timeout: .seconds(10))
        ticks = JSONBench.ticks(count: coins).enumerated().map { number, tick in
            var tick = tick
            tick.coinID = "coin-\(number)"
            return tick
        }
    }

    /// Publishes so many a second; what is late is sent as soon as it can be.
    /// - Returns: how many there were.
    mutating func run(perSecond rate: Int, seconds: Int) throws -> Int {
        let start = EventTime.now().microseconds
        for number in 0..<(rate * seconds) {
            let wait = start + Int64(number) * 1_000_000 / Int64(rate) - EventTime.now().microseconds
            if wait > 0 { usleep(UInt32(wait)) }
            var tick = ticks[number % ticks.count]
            tick.timestamp = .now()
            json.reset()
            tick.write(to: &json)
            let text = json.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            try redis.call(["PUBLISH", "prices:\(tick.coinID):usd", text])
        }
        return rate * seconds
    }
}
