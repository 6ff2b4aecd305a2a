import Shared
import Synchronization
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
    /// The times in which nothing was polled.
    var gaps: [Range<EventTime>] = []
    /// What the server was asked.
    var requests: [HTTPFixtureServer.Request] = []
    /// How often `/key` was asked for.
    var keyRequests = 0
    /// How many connections the server has seen.
    var connections = 0
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
    ///   - beginning: how long after ``start`` the process starts.
    ///   - log: what `ingestor.state` holds, and what processes share.
    ///   - key: what `/key` answers; its requests aren't counted.
    static func poll(
        requests count: Int = .max,
        until end: Duration = .seconds(86_400),
        coins: CoinList = .largest(250),
        vsCurrencies: [String] = ["usd"],
        environment: [String: String] = [:],
        beginning: Duration = .zero,
        log: MemoryLog = MemoryLog(),
        key: HTTPFixtureServer.Answer = HTTPFixtureServer.Answer(404, #"{"error":"no such path"}"#),
        answering answer: @escaping @Sendable (HTTPFixtureServer.Request, Int) async -> HTTPFixtureServer.Answer
    ) async throws -> CoinGeckoRun {
        let asked = Mutex(0)
        return try await HTTPFixtureServer.run { request, number in
            if request.path.hasSuffix("/key") {
                asked.withLock { $0 += 1 }
                return key
            }
            return await answer(request, number - asked.withLock { $0 })
        } _: { server in
            let environment = ["COINGECKO_BASE_URL": server.url + "/api/v3/"].merging(environment) { $1 }
            let settings = try CoinGeckoSettings(SettingsReader(environment: environment))
            var run = try await onOwnThread {
                try Self.run(settings, coins, vsCurrencies, log, beginning: beginning, requests: count, until: end)
            }
            run.requests = server.requests.filter { !$0.path.hasSuffix("/key") }
            run.keyRequests = server.requests.count - run.requests.count
            run.connections = server.connections
            return run
        }
    }

    /// Asks CoinGecko again and again.
    static func run(
        _ settings: CoinGeckoSettings,
        _ coins: CoinList = .largest(250),
        _ vsCurrencies: [String] = ["usd"],
        _ log: MemoryLog = MemoryLog(),
        category: String? = nil,
        beginning: Duration = .zero,
        requests count: Int,
        until end: Duration = .seconds(86_400)
    ) throws -> CoinGeckoRun {
        let vendor = CoinGecko(settings: settings, coins: coins, vsCurrencies: vsCurrencies, category: category)
        return try run(vendor, log, beginning: beginning, requests: count, until: end)
    }

    /// Asks a vendor again and again, moving the clock by every wait the source asks for.
    static func run(
        _ vendor: any PriceVendor,
        _ log: MemoryLog = MemoryLog(),
        beginning: Duration = .zero,
        requests count: Int,
        until end: Duration = .seconds(86_400)
    ) throws -> CoinGeckoRun {
        var run = CoinGeckoRun()
        let readiness = Readiness("source")
        var now = ClockReading(
            wall: EventTime(microseconds: start.microseconds + beginning.wholeMicroseconds),
            uptime: .zero
        )
        var batch = TickBatch()
        do {
            var source = try PollingSource(
                vendor,
                pollInterval: nil,
                state: MemoryStateLog(log),
                metrics: run.metrics,
                readiness: readiness,
                stop: StopSignal(),
                onGap: { run.gaps.append($0) }
            )
            while run.times.count < count, now.uptime < end {
                batch.reset()
                switch try source.next(into: &batch, clock: { now }) {
                case .more:
                    run.times.append(now.uptime)
                    run.states.append(readiness.conditions.first { $0.name == "source" }?.state ?? .ok)
                    run.batches.append(try ticks(of: batch))
                    try source.delivered()
                case .wait(let wait):
                    run.waits.append(wait)
                    // Rounded up, so that it is never too early: a backoff has fractions of a nanosecond too.
                    let almost = Duration(secondsComponent: 0, attosecondsComponent: 999_999_999_999)
                    now.monotonic += (wait + almost).wholeMicroseconds
                    now.wall.microseconds += (wait + almost).wholeMicroseconds
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
