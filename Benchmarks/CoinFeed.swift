import Foundation
import Shared
import Synchronization
import TestSupport

/// Writes ticks of 1000 coins in turn to `prices.raw` at a steady rate, each with its number as its price, and remembers the
/// newest of each coin.
final class CoinFeed: Sendable {
    static let coinCount = 1_000

    private struct State {
        var newest = [Int](repeating: 0, count: coinCount)
        var isStopped = false
        var hasEnded = false
        var failure: String?
    }

    private let state = Mutex(State())

    init(_ broker: TestBroker, perSecond rate: Int) {
        let (settings, name) = (broker.settings, broker.name(Topic.raw.rawValue))
        let batch = max(1, rate / 100)
        Thread.detachNewThread { [self] in
            do {
                try run(settings, name, rate, batch)
            } catch {
                state.withLock { $0.failure = "\(error)" }
            }
            state.withLock { $0.hasEnded = true }
        }
    }

    /// The number of each coin's last tick.
    var newest: [Int] { state.withLock { $0.newest } }
    var failure: String? { state.withLock { $0.failure } }

    /// Ends it, and waits until the brokers have all.
    func stop() {
        state.withLock { $0.isStopped = true }
        while !state.withLock({ $0.hasEnded }) { usleep(10_000) }
    }

    private func run(_ settings: KafkaSettings, _ name: String, _ rate: Int, _ batch: Int) throws {
        let producer = try KafkaProducer(settings: settings, mode: .idempotent)
        let topic = try producer.topic(name)
        var tick = JSONBench.ticks(count: 1)[0]
        var json = JSONWriter()
        let start = EventTime.now().microseconds
        var number = 0
        while !state.withLock({ $0.isStopped }) {
            for _ in 0..<batch {
                number += 1
                let coin = number % Self.coinCount
                tick.coinID = "coin-\(coin)"
                tick.price = Price(number)
                (tick.timestamp, tick.ingestedAt) = (.now(), .now())
                json.reset()
                tick.write(to: &json)
                try producer.send(to: topic, key: tick.coinID, value: json.withUnsafeBytes { Array($0) })
                state.withLock { $0.newest[coin] = number }
            }
            let wait = start + Int64(number) * 1_000_000 / Int64(rate) - EventTime.now().microseconds
            if wait > 0 { usleep(UInt32(wait)) }
        }
        try producer.flush(timeout: .seconds(60))
    }
}
