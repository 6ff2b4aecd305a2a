import Logging
import Shared

/// Polls CoinGecko's `/coins/markets` within a budget and hands out the rows that say something new.
struct CoinGeckoSource: TickSource {
    /// What is remembered of a page, for an answer that nothing has changed.
    private struct Known {
        var etag: String?
        var isEmpty: Bool
        var newest: EventTime?
    }

    private let client: HTTPClient
    private let settings: CoinGeckoSettings
    private let metrics: IngestorMetrics
    private let readiness: Readiness
    private let secrets: Secrets
    private let log = Logger(label: "coingecko")
    private var budget: RequestBudget
    private var round: PollRound
    private var sent: SentTicks
    private var checks: PageChecks
    private var pages: [String: Known] = [:]
    private var everAnswered = false

    /// Makes a source.
    /// - Parameters:
    ///   - coins: which coins.
    ///   - vsCurrencies: in which currencies.
    ///   - pollInterval: the time between two rounds; `nil` computes it from plan and budget.
    ///   - settings: plan, key and limits.
    ///   - sent: what is in Kafka already.
    ///   - metrics: what to count.
    ///   - readiness: its condition `source` is kept.
    ///   - stop: ends a request.
    /// - Throws: ``HTTPError`` when libcurl cannot start.
    init(
        coins: CoinList,
        vsCurrencies: [String],
        pollInterval: Duration?,
        settings: CoinGeckoSettings,
        sent: SentTicks,
        metrics: IngestorMetrics,
        readiness: Readiness,
        stop: StopSignal
    ) throws(HTTPError) {
        client = try HTTPClient(
            userAgent: "tickline-ingestor/\(BuildInfo.version)",
            limits: HTTPClient.Limits(timeout: settings.timeout),
            stop: stop
        )
        let requests = MarketsRequest.round(coins: coins, vsCurrencies: vsCurrencies, baseURL: settings.baseURL)
        budget = RequestBudget(
            perMinute: settings.callsPerMinute,
            perMonth: settings.callsPerMonth,
            round: requests.count
        )
        let interval = max(pollInterval ?? settings.plan.pollInterval(budget: budget), budget.roundInterval)
        round = PollRound(requests: requests, interval: interval)
        secrets = Secrets(key: settings.apiKey, url: settings.baseURL)
        self.settings = settings
        self.sent = sent
        self.metrics = metrics
        checks = PageChecks(metrics: metrics)
        self.readiness = readiness
        metrics.pollInterval.set(interval / .seconds(1))
        let monthly = Int(Double(requests.count) * (.seconds(30 * 86_400) / interval))
        log.info(
            """
            polling \(MaskedURL.withoutUser(settings.baseURL)) (\(settings.plan.rawValue)): \(requests.count) requests every \
            \(interval.inSeconds), about \(monthly) in 30 days; at most \(settings.callsPerMinute) a minute, \
            \(settings.callsPerMonth.map { "\($0) in 31 days" } ?? "no monthly limit known")
            """
        )
    }

    mutating func next(into batch: inout TickBatch, clock: () -> ClockReading) throws -> SourceStep {
        let now = clock()
        metrics.budgetLeft.set(budget.leftThisMinute(at: now.uptime))
        guard let wait = round.wait(at: now.uptime, atLeast: budget.wait(at: now.uptime)) else { return .finished }
        guard wait == .zero, let request = round.begin(at: now.uptime) else { return .wait(wait) }

        budget.spend(at: now.uptime)
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try client.get(request.url, headers: headers(for: request))
        } catch {
            if error.kind != .cancelled { try unanswered(error, request, at: clock().uptime) }
            return .more
        }
        let arrived = clock()
        metrics.requestSeconds.observe(arrived.uptime - now.uptime)
        metrics.answered(response.status)
        let cap = settings.retryAfterCap
        switch CoinGeckoAnswer(response, wall: arrived.wall, retryAfterCap: cap, secrets: secrets) {
        case .page(let page):
            let time = time(of: response, arrived: arrived.wall)
            take(page, of: request, at: time, arrived: arrived.wall, into: &batch)
            let newest = page.rows.compactMap(\.lastUpdated).max()
            pages[request.url] = Known(etag: response.etag, isEmpty: page.count == 0, newest: newest)
            succeeded(request, at: time, uptime: arrived.uptime)
        case .notModified:
            succeeded(request, at: time(of: response, arrived: arrived.wall), uptime: arrived.uptime)
        case .failure(let failure):
            try failed(failure, request, at: arrived.uptime)
        }
        return .more
    }

    var missed: Missed { Missed(count: round.missed, unit: .rounds) }

    private func headers(for request: MarketsRequest) -> [(name: String, value: String)] {
        var headers = [(name: "Accept", value: "application/json")]
        if let name = settings.plan.keyHeader, let key = settings.apiKey {
            headers.append((name, key))
        }
        if let etag = pages[request.url]?.etag {
            headers.append(("If-None-Match", etag))
        }
        return headers
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
                if !batch.append(tick) { metrics.skipped(.malformed)?.increment() }
            case .unchanged: unchanged += 1
            case .skip(let reason): metrics.skipped(reason)?.increment()
            }
        }
        metrics.unchanged.increment(by: unchanged)
        checks.nameUnknown(of: request, in: page)
        log.debug("\(request.name): \(page.count) rows, \(batch.count) new, \(unchanged) unchanged")
    }

    private mutating func time(of response: HTTPResponse, arrived: EventTime) -> AnswerTime {
        let date = response[header: "date"].flatMap(HTTPClient.date)
        return checks.time(date: date, wall: arrived, tolerance: settings.clockTolerance)
    }

    private mutating func succeeded(_ request: MarketsRequest, at time: AnswerTime, uptime: Duration) {
        let page = pages[request.url]
        checks.add(newest: page?.newest, at: time)
        let hadFailed = round.answered(isEmpty: page?.isEmpty ?? false, at: uptime)
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
        metrics.unanswered.increment()
        var error = error
        error.description = secrets.masked(error.description)
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
