import Shared
import TestSupport
import Testing

@testable import Ingestor

/// A run of the source over real HTTP on loopback, with the clock that waits in the test's hands.
struct CoinGeckoRun: Sendable {
    /// The time of day when a run begins.
    static let start = EventTime(milliseconds: 1_779_108_571_000)
    /// A second before that, as HTTP says it.
    static let date = "Mon, 18 May 2026 12:49:30 GMT"

    /// The ticks of each request.
    var batches: [[PriceTick]] = []
    /// What the source asked to wait, one after the other.
    var waits: [Duration] = []
    /// When each request was due, from the start of the run.
    var times: [Duration] = []
    /// What `/readyz` said under `source` after each request.
    var states: [Readiness.State] = []
    /// The error that ended it.
    var failure: String?
    /// What the server was asked.
    var requests: [HTTPFixtureServer.Request] = []
    /// What was counted.
    var metrics = IngestorMetrics(registry: PrometheusRegistry())

    /// All ticks.
    var ticks: [PriceTick] { batches.flatMap(\.self) }

    /// A page of rows.
    static func page(_ rows: [String] = [], headers: [String: String] = [:]) -> HTTPFixtureServer.Answer {
        let headers = headers.merging(["Date": date]) { first, _ in first }
        return HTTPFixtureServer.Answer(200, "[\(rows.joined(separator: ","))]", headers: headers)
    }

    /// When the requests that `which` chooses were due.
    func times(of which: (HTTPFixtureServer.Request) -> Bool) -> [Duration] {
        zip(times, requests).filter { which($0.1) }.map(\.0)
    }

    /// Polls a server that answers with what a closure says.
    /// - Parameters:
    ///   - count: after how many requests to end.
    ///   - end: when to end at the latest.
    static func poll(
        requests count: Int = .max,
        until end: Duration = .seconds(86_400),
        coins: CoinList = .largest(250),
        vsCurrencies: [String] = ["usd"],
        environment: [String: String] = [:],
        sent: SentTicks = SentTicks(),
        answering answer: @escaping @Sendable (HTTPFixtureServer.Request, Int) async -> HTTPFixtureServer.Answer
    ) async throws -> CoinGeckoRun {
        try await HTTPFixtureServer.run(answering: answer) { server in
            let environment = ["COINGECKO_BASE_URL": server.url + "/api/v3/"].merging(environment) { $1 }
            let settings = try CoinGeckoSettings(SettingsReader(environment: environment))
            var run = try await onOwnThread {
                try Self.run(settings, coins, vsCurrencies, sent, requests: count, until: end)
            }
            run.requests = server.requests
            return run
        }
    }

    /// Asks the source again and again, moving the clock by every wait it asks for.
    static func run(
        _ settings: CoinGeckoSettings,
        _ coins: CoinList = .largest(250),
        _ vsCurrencies: [String] = ["usd"],
        _ sent: SentTicks = SentTicks(),
        requests count: Int,
        until end: Duration = .seconds(86_400)
    ) throws -> CoinGeckoRun {
        var run = CoinGeckoRun()
        let readiness = Readiness("source")
        var now = ClockReading(wall: start, uptime: .zero)
        var batch = TickBatch()
        do {
            var source = try CoinGeckoSource(
                coins: coins,
                vsCurrencies: vsCurrencies,
                pollInterval: nil,
                settings: settings,
                sent: sent,
                metrics: run.metrics,
                readiness: readiness,
                stop: StopSignal()
            )
            while run.times.count < count, now.uptime < end {
                batch.reset()
                switch try source.next(into: &batch, clock: { now }) {
                case .more:
                    run.times.append(now.uptime)
                    run.states.append(readiness.conditions.first { $0.name == "source" }?.state ?? .ok)
                    run.batches.append(try ticks(of: batch))
                case .wait(let wait):
                    run.waits.append(wait)
                    // Rounded up, so that it is never too early.
                    now.monotonic += (wait + .nanoseconds(999)).wholeMicroseconds
                    now.wall.microseconds += wait.wholeMicroseconds
                case .finished: return run
                }
            }
        } catch let error as any ClassifiedError {
            run.failure = "\(error)"
        }
        return run
    }

    private static func ticks(of batch: borrowing TickBatch) throws -> [PriceTick] {
        var ticks: [PriceTick] = []
        for record in batch.records {
            let value = Array(batch.bytes[record.value])
            let tick = try PriceTick(json: value.span)
            #expect(Array(tick.coinID.utf8) == Array(batch.bytes[record.key]))
            ticks.append(tick)
        }
        return ticks
    }
}
