import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("The trades of exchanges over sockets", .ownThread, .timeLimit(.minutes(3)))
struct TradeSourceTests {
    /// How much faster than ours the clock of a source runs: a day's troubles in seconds.
    private static let haste = 20
    private static let sockets = WebSocketGroup.Limits(
        handshakeTimeout: .seconds(1),
        pingInterval: .milliseconds(250),
        pongTimeout: .milliseconds(500)
    )

    /// What stands in for the topic: the ticks that came out, over all sources.
    private struct Topic {
        private(set) var ticks: [PriceTick] = []
        /// How many there are of each coin.
        private(set) var counts: [String: Int] = [:]
        private var last = TradePositions()

        mutating func append(_ batch: TickBatch) throws {
            for record in batch.records {
                let tick = try PriceTick(json: batch.bytes[record.value].span)
                #expect(Array(tick.coinID.utf8) == Array(batch.bytes[record.key]))
                ticks.append(tick)
                counts[tick.coinID, default: 0] += 1
                last.restore(tick)
            }
        }

        /// Where a source goes on.
        func positions(of exchanges: [any Exchange]) -> [[TradePosition?]] {
            exchanges.map { exchange in exchange.products.map { last.position(of: $0, at: exchange.name) } }
        }
    }

    private func settings(_ environment: [String: String]) throws -> ExchangeSettings {
        let reader = SettingsReader(environment: environment)
        return try ExchangeSettings(reader, for: try IngestorSettings(reader))
    }

    /// Runs a source for a while, or until it is done.
    private func run(
        _ settings: ExchangeSettings,
        into topic: inout Topic,
        for time: Duration,
        haste: Int = haste,
        until isDone: (Topic) -> Bool = { _ in false }
    ) throws {
        let stop = StopSignal()
        defer { stop.request() }
        let source = try TradeSource(
            settings,
            positions: topic.positions(of: settings.exchanges),
            limits: Self.sockets,
            readiness: Readiness("source"),
            registry: PrometheusRegistry(),
            stop: stop
        )
        var batch = TickBatch()
        let start = ContinuousClock.now
        while start.duration(to: .now) < time, !isDone(topic) {
            batch.reset()
            _ = try source.next(into: &batch) {
                ClockReading(wall: .now(), uptime: start.duration(to: .now) * haste)
            }
            try topic.append(batch)
        }
    }

    @Test(
        "a day of trouble: every trade that the exchange made is sent once, in order, over restarts of the source too",
        arguments: [
            (CoinbaseWords() as any ExchangeWords, Duration.zero, UInt64(1)), (KrakenWords(), .seconds(300), 2),
            (BinanceWords(), .seconds(-300), 3),
        ]
    )
    func trouble(words: any ExchangeWords, clockOffset: Duration, seed: UInt64) async throws {
        let market = ScriptedMarket(words, seed: seed, clockOffset: clockOffset, isTroubled: true)
        let server = try await MarketServer(market)
        let settings = try settings(server.environment.merging(["INGESTOR_GAP_TIMEOUT": "1h"]) { $1 })
        var topic = Topic()
        // However slow the machine is: so many turns, and enough of each product.
        for part in 1...3 {
            let before = topic.counts
            try run(settings, into: &topic, for: .seconds(40)) { topic in
                market.turns >= part * 1_200 && (part < 3 || market.troubles.count >= 12)
                    && topic.counts.count == 3
                    && topic.counts.allSatisfy { part == 3 || $0.value >= before[$0.key, default: 0] + 100 }
            }
            if part == 2 { server.delist(words.products[2]) }
        }
        let last = market.calm()
        let products = settings.exchanges[0].products
        func isWhole(_ topic: Topic) -> Bool {
            zip(products, topic.positions(of: settings.exchanges)[0]).allSatisfy { product, position in
                last[product.name].map { $0 <= position?.id ?? 0 } ?? true
            }
        }
        try run(settings, into: &topic, for: .seconds(60), until: isWhole)
        try market.check(topic.ticks, upTo: last, "seed \(seed)")
        let troubles = market.troubles
        #expect(troubles.count >= 12, "seed \(seed): \(topic.ticks.count) trades, \(troubles)")
        await server.end()
    }

    /// By hand, because it looks at the memory of the whole process: `TICKLINE_SOAK=1 scripts/test --filter soak`.
    @Test(
        "soak: an hour of trades at 60 times the pace, a cut every minute: nothing is lost, and memory is flat",
        .enabled(if: ProcessInfo.processInfo.environment["TICKLINE_SOAK"] != nil)
    )
    func soak() async throws {
        let market = ScriptedMarket(CoinbaseWords(), seed: 1, clockOffset: .zero, isTroubled: false)
        let server = try await MarketServer(market)
        let settings = try settings(server.environment.merging(["INGESTOR_GAP_TIMEOUT": "1h"]) { $1 })
        var topic = Topic()
        var memory: [Double] = []
        var cuts = 0
        let start = ContinuousClock.now
        try run(settings, into: &topic, for: .seconds(60), haste: 60) { _ in
            if start.duration(to: .now) > .seconds(cuts + 1) {
                cuts += 1
                server.cut()
                memory.append(Self.residentMegabytes())
            }
            return false
        }
        let last = market.calm()
        try run(settings, into: &topic, for: .seconds(5), haste: 60)
        await server.end()
        try market.check(topic.ticks, upTo: last, "\(cuts) cuts")
        print("\(topic.ticks.count) trades, \(cuts) cuts, MiB by the second: \(memory)")
        try #require(cuts >= 58)
        // The test itself keeps every trade, here and in the market: some 450 bytes each, 10 MiB in 45 s.
        #expect(memory[cuts - 1] - memory[cuts / 4] < 16)
    }

    private static func residentMegabytes() -> Double {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return text.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 4_096 / 1_048_576 } ?? 0
    }
}
