import Logging
import Shared

/// Polls CoinGecko's `/coins/markets` within a budget and hands out the rows that say something new.
struct CoinGeckoSource: TickSource {
    private let api: CoinGeckoAPI
    private let state: any StateLog
    private let settings: CoinGeckoSettings
    private let pollInterval: Duration?
    private let metrics: IngestorMetrics
    private let readiness: Readiness
    private let onGap: (Range<EventTime>) -> Void
    private let log = Logger(label: "coingecko")
    private var round: PollRound
    private var sent = SentTicks()
    private var checks: PageChecks
    /// What is remembered of each page, by ``MarketsRequest/pageName``.
    private var pages: [String: PageMemory] = [:]
    /// What `ingestor.state` is to say once the ticks that were handed out are acknowledged.
    private var pending: [StateRecord] = []
    private var gaps = GapWatch()
    private var hasBegun = false
    private var everAnswered = false

    /// Makes a source.
    /// - Parameters:
    ///   - coins: which coins.
    ///   - vsCurrencies: in which currencies.
    ///   - pollInterval: the time between two rounds; `nil` computes it from plan and budget.
    ///   - settings: plan, key and limits.
    ///   - state: what was sent before, and what is kept for the next start.
    ///   - metrics: what to count.
    ///   - readiness: its condition `source` is kept.
    ///   - stop: ends a request.
    ///   - onGap: told of a time in which no page was answered.
    /// - Throws: ``HTTPError`` when libcurl cannot start.
    init(
        coins: CoinList,
        vsCurrencies: [String],
        pollInterval: Duration?,
        settings: CoinGeckoSettings,
        state: any StateLog,
        metrics: IngestorMetrics,
        readiness: Readiness,
        stop: StopSignal,
        onGap: @escaping (Range<EventTime>) -> Void = { _ in }
    ) throws(HTTPError) {
        self.onGap = onGap
        let requests = MarketsRequest.round(coins: coins, vsCurrencies: vsCurrencies, baseURL: settings.baseURL)
        api = try CoinGeckoAPI(
            settings: settings,
            round: requests.count,
            purpose: .poll,
            state: state,
            metrics: metrics,
            stop: stop
        )
        self.state = state
        self.settings = settings
        self.pollInterval = pollInterval
        self.metrics = metrics
        self.readiness = readiness
        checks = PageChecks(metrics: metrics)
        round = PollRound(requests: requests, interval: settings.plan.refreshInterval)
    }

    mutating func next(into batch: inout TickBatch, clock: () -> ClockReading) throws -> SourceStep {
        let held = try api.askUsage(everAnswered: everAnswered, clock: clock)
        if held > .zero { return .wait(held) }
        if !hasBegun { begin(at: clock().wall) }
        let now = clock()
        guard let wait = round.wait(at: now.uptime, atLeast: try api.wait(at: now)) else { return .finished }
        if wait > .zero { return .wait(wait) }
        let place = try api.reserve(at: now)
        if place > .zero { return .wait(place) }
        guard let request = round.begin(at: now.uptime) else { return .wait(.seconds(1)) }

        let response: HTTPResponse
        do throws(HTTPError) {
            response = try api.get(request.url, etag: pages[request.pageName]?.etag, clock: clock)
        } catch {
            if error.kind != .cancelled { try unanswered(error, request, at: clock().uptime) }
            return .more
        }
        let arrived = clock()
        let cap = settings.retryAfterCap
        switch CoinGeckoAnswer(response, wall: arrived.wall, retryAfterCap: cap, secrets: api.secrets) {
        case .page(let page):
            let time = time(of: response, arrived: arrived.wall)
            take(page, of: request, at: time, arrived: arrived.wall, into: &batch)
            let memory = PageMemory(
                etag: response.etag,
                isEmpty: page.count == 0,
                newest: page.rows.compactMap(\.lastUpdated).max(),
                answered: arrived.wall
            )
            remember(memory, of: request)
            succeeded(request, response, at: time, uptime: arrived.uptime)
        case .notModified:
            if var memory = pages[request.pageName] {
                memory.answered = arrived.wall
                remember(memory, of: request)
            }
            succeeded(request, response, at: time(of: response, arrived: arrived.wall), uptime: arrived.uptime)
        case .failure(let failure):
            try failed(failure, request, at: arrived.uptime)
        }
        return .more
    }

    mutating func delivered() throws {
        guard !pending.isEmpty else { return }
        for record in pending { try state.write(record) }
        pending.removeAll(keepingCapacity: true)
    }

    var missed: Missed { Missed(count: round.missed, unit: .rounds) }

    /// Takes up what the state says, and says what is going to happen.
    private mutating func begin(at wall: EventTime) {
        hasBegun = true
        let latest = AnswerTime(date: nil, wall: wall, tolerance: settings.clockTolerance).latest
        for (key, tick) in state.table.coins { sent.restore(tick, of: key, latest: latest) }
        for request in round.requests {
            pages[request.pageName] = state.table.pages[request.pageName]
        }
        let limits = api.limits
        round.interval = max(pollInterval ?? settings.plan.pollInterval(limits: limits), limits.roundInterval)
        metrics.pollInterval.set(round.interval / .seconds(1))
        let monthly = Int(Double(round.requests.count) * (.seconds(30 * 86_400) / round.interval))
        let currencies = Set(round.requests.map(\.vsCurrency)).count
        let plan = api.usage?.plan.map { "\(settings.plan.rawValue), plan \($0)" } ?? settings.plan.rawValue
        let quota =
            limits.perMonth.map { "quota \($0) in 31 days, \(api.leftOfMonth(at: wall) ?? $0) left" }
            ?? "no monthly quota known"
        log.info(
            """
            polling \(MaskedURL.withoutUser(settings.baseURL)) (\(plan)): \(round.requests.count / max(1, currencies)) pages \
            in \(currencies) currencies, \(round.requests.count) requests every \(round.interval.inSeconds), about \(monthly) \
            in 30 days; \(quota), at most \(limits.perMinute) a minute; \(sent.count) coins were sent before
            """
        )
    }

    private mutating func take(
        _ page: MarketsPage,
        of request: MarketsRequest,
        at time: AnswerTime,
        arrived: EventTime,
        into batch: inout TickBatch
    ) {
        metrics.skipped(.malformed)?.increment(by: page.malformed)
        var unchanged = 0
        for row in page.rows.prefix(request.rows) {
            if row.roundedNumbers > 0 { metrics.rounded.increment() }
            if row.unusableFields > 0 { metrics.incomplete.increment() }
            switch sent.decide(row, vsCurrency: request.vsCurrency, at: time) {
            case .send(let timestamp, let isAhead):
                guard let price = row.currentPrice else { break }
                if isAhead { metrics.ahead.increment() }
                let tick = row.tick(
                    price: price,
                    vsCurrency: request.vsCurrency,
                    timestamp: timestamp,
                    ingestedAt: arrived
                )
                guard batch.append(tick) else {
                    metrics.skipped(.malformed)?.increment()
                    break
                }
                let kept = SentTick(timestamp: timestamp, price: price, lastUpdated: row.lastUpdated)
                let key = CoinKey(coinID: row.id, vsCurrency: request.vsCurrency)
                pending.append(StateRecord(key: .coin(key), value: kept.bytes))
            case .unchanged: unchanged += 1
            case .skip(let reason): metrics.skipped(reason)?.increment()
            }
        }
        metrics.unchanged.increment(by: unchanged)
        checks.nameUnknown(of: request, in: page)
        log.debug("\(request.name): \(page.count) rows, \(batch.count) new, \(unchanged) unchanged")
    }

    /// Keeps what an answer said, for this process now and for the next one once its ticks are acknowledged.
    private mutating func remember(_ memory: PageMemory, of request: MarketsRequest) {
        let before = pages[request.pageName]?.answered
        if let gap = gaps.answered(at: memory.answered, before: before, interval: round.interval) { onGap(gap) }
        pages[request.pageName] = memory
        pending.append(StateRecord(key: .page(request.pageName), value: memory.bytes))
    }

    private mutating func time(of response: HTTPResponse, arrived: EventTime) -> AnswerTime {
        let date = response[header: "date"].flatMap(HTTPClient.date)
        return checks.time(date: date, wall: arrived, tolerance: settings.clockTolerance)
    }

    private mutating func succeeded(
        _ request: MarketsRequest,
        _ response: HTTPResponse,
        at time: AnswerTime,
        uptime: Duration
    ) {
        let page = pages[request.pageName]
        checks.add(newest: page?.newest, at: time)
        let fresh = Freshness.left(of: response)
        let hadFailed = round.answered(isEmpty: page?.isEmpty ?? false, fresh: fresh, at: uptime)
        if !everAnswered || hadFailed { log.info("CoinGecko answers: \(request.name)") }
        everAnswered = true
        readiness.set("source", .ok)
        metrics.failingRequests.set(round.failing)
        checks.judge(rounds: round.completed)
    }

    private mutating func failed(_ failure: CoinGeckoFailure, _ request: MarketsRequest, at uptime: Duration) throws {
        if failure.kind == .rateLimited { metrics.rateLimited.increment() }
        if failure.disposition == .fatal, !everAnswered { throw failure }
        pause(failure.poll, request, because: "\(failure)", at: uptime)
    }

    private mutating func unanswered(_ error: HTTPError, _ request: MarketsRequest, at uptime: Duration) throws {
        let isLasting = error.disposition == .fatal
        if isLasting, !everAnswered { throw error }
        pause(PollFailure(concernsAll: isLasting, isLasting: isLasting), request, because: "\(error)", at: uptime)
    }

    private mutating func pause(
        _ failure: PollFailure,
        _ request: MarketsRequest,
        because reason: String,
        at uptime: Duration
    ) {
        // A first start often has no way to CoinGecko at all, and the health of the container shows this line.
        let reason = everAnswered ? reason : "\(reason); without CoinGecko: INGESTOR_SOURCE=simulator invents prices"
        let wait = round.failed(failure, random: Double.random(in: 0...1), at: uptime)
        if failure.concernsAll || !round.works(at: uptime) { readiness.set("source", .failing(reason)) }
        metrics.failingRequests.set(round.failing)
        log.warning("\(request.name): \(reason); next attempt in \(wait.inSeconds)")
        checks.judge(rounds: round.completed)
    }
}
