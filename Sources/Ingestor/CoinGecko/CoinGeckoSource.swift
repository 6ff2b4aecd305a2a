import Logging
import Shared

/// Polls CoinGecko's `/coins/markets` within a budget and hands out the rows that say something new.
struct CoinGeckoSource: TickSource {
    /// How long a key or request that worked before and is refused now is left alone.
    static let refusedWait: Duration = .seconds(300)
    /// How old the newest price of a page may be before its clock, or its source, counts as behind.
    static let staleTolerance: Duration = .seconds(900)

    private struct Known {
        var etag: String
        var isEmpty: Bool
    }

    private let client: HTTPClient
    private let settings: CoinGeckoSettings
    private let metrics: IngestorMetrics
    private let readiness: Readiness
    private let log = Logger(label: "coingecko")
    private var budget: RequestBudget
    private var round: PollRound
    private var sent: SentTicks
    private var pages: [String: Known] = [:]
    private var shortBackoff = Backoff()
    private var longBackoff = Backoff(initial: .seconds(30), cap: .seconds(600))
    private var everAnswered = false
    private var isBehind = false
    private var checkedIDs: Set<String> = []

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
        let interval = pollInterval ?? settings.plan.pollInterval(budget: budget)
        round = PollRound(requests: requests, interval: interval, pace: budget.roundInterval)
        self.settings = settings
        self.sent = sent
        self.metrics = metrics
        self.readiness = readiness
        metrics.pollInterval.set(interval / .seconds(1))
        let monthly = Int(Double(requests.count) * (.seconds(30 * 86_400) / max(interval, budget.roundInterval)))
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
        let wait = max(round.wait(at: now.uptime), budget.wait(at: now.uptime))
        metrics.budgetLeft.set(budget.leftThisMinute(at: now.uptime))
        guard let request = round.request else { return .finished }
        if wait > .zero { return .wait(wait) }

        budget.spend(at: now.uptime)
        round.began(at: now.uptime)
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try client.get(request.url, headers: headers(for: request))
        } catch {
            return try unanswered(error, at: clock().uptime)
        }
        let arrived = clock()
        metrics.requestSeconds.observe(arrived.uptime - now.uptime)
        metrics.answered(response.status)
        switch CoinGeckoAnswer(response, wall: arrived.wall, retryAfterCap: settings.retryAfterCap) {
        case .page(let page):
            take(page, of: request, from: response, at: arrived, into: &batch)
            pages[request.url] = response[header: "etag"].map { Known(etag: $0, isEmpty: page.count == 0) }
            succeeded(isEmpty: page.count == 0, at: arrived.uptime)
        case .notModified:
            succeeded(isEmpty: pages[request.url]?.isEmpty ?? false, at: arrived.uptime)
        case .failure(let failure):
            try failed(failure, at: arrived.uptime)
        }
        return .more
    }

    var missed: Missed { Missed(count: round.missed, unit: .rounds) }

    private func headers(for request: MarketsRequest) -> [(name: String, value: String)] {
        var headers = [(name: "Accept", value: "application/json")]
        if let name = settings.plan.keyHeader, let key = settings.apiKey {
            headers.append((name, key))
        }
        if let known = pages[request.url] {
            headers.append(("If-None-Match", known.etag))
        }
        return headers
    }

    private mutating func take(
        _ page: MarketsPage,
        of request: MarketsRequest,
        from response: HTTPResponse,
        at arrived: ClockReading,
        into batch: inout TickBatch
    ) {
        let date = response[header: "date"].flatMap(HTTPClient.date) ?? arrived.wall
        metrics.skipped(.malformed)?.increment(by: page.malformed)
        var unchanged = 0
        for row in page.rows.prefix(request.rows) {
            if row.roundedNumbers > 0 { metrics.rounded.increment() }
            switch sent.decide(row, vsCurrency: request.vsCurrency, date: date) {
            case .send(let timestamp, let isAhead):
                guard let price = row.currentPrice else { break }
                if isAhead { metrics.ahead.increment() }
                let tick = row.tick(
                    price: price,
                    vsCurrency: request.vsCurrency,
                    timestamp: timestamp,
                    ingestedAt: arrived.wall
                )
                if !batch.append(tick) { metrics.skipped(.malformed)?.increment() }
            case .unchanged: unchanged += 1
            case .skip(let reason): metrics.skipped(reason)?.increment()
            }
        }
        metrics.unchanged.increment(by: unchanged)
        compareClocks(page, date: date)
        reportUnknown(of: request, in: page)
        log.debug(
            "\(page.count) rows, \(batch.count) new, \(unchanged) unchanged",
            metadata: ["url": "\(MaskedURL.withoutUser(request.url))"]
        )
    }

    /// Notices a page on which everything is old: its clock is wrong, or the source stands still. The times are kept: a
    /// price that was true then is not true now.
    private mutating func compareClocks(_ page: MarketsPage, date: EventTime) {
        guard let newest = page.rows.compactMap(\.lastUpdated).max() else { return }
        let age = Duration.microseconds(date.microseconds - newest.microseconds)
        let behind = age > Self.staleTolerance
        if behind { metrics.behind.increment() }
        if behind != isBehind {
            isBehind = behind
            log.warning(
                behind
                    ? "the newest price of a page is \(age.inSeconds) older than its Date: the source stands still or its clock is off"
                    : "the prices are recent again"
            )
        }
    }

    /// Names the ids that CoinGecko does not know, once: it leaves them out without a word, and a ticker symbol is
    /// easily taken for an id.
    private mutating func reportUnknown(of request: MarketsRequest, in page: MarketsPage) {
        guard !request.ids.isEmpty, checkedIDs.insert(request.url).inserted else { return }
        let unknown = Set(request.ids).subtracting(page.rows.map(\.id)).sorted()
        if !unknown.isEmpty {
            log.warning("CoinGecko has no coin with the id \(unknown.joined(separator: ", ")); see INGESTOR_COINS")
        }
    }

    private mutating func succeeded(isEmpty: Bool, at uptime: Duration) {
        if !everAnswered || shortBackoff.failures + longBackoff.failures > 0 { log.info("CoinGecko answers") }
        everAnswered = true
        shortBackoff.reset()
        longBackoff.reset()
        readiness.set("source", .ok)
        round.answered(isEmpty: isEmpty, at: uptime)
    }

    private mutating func failed(_ failure: CoinGeckoFailure, at uptime: Duration) throws {
        if failure.kind == .rateLimited { metrics.rateLimited.increment() }
        if failure.disposition == .fatal, !everAnswered { throw failure }
        let wait: Duration
        switch failure.kind {
        case .rateLimited, .blocked:
            // The words are the same when a day's or a month's requests are used up: after several in a row a short
            // Retry-After is no longer believed.
            let backedOff = longBackoff.next(random: Double.random(in: 0...1))
            wait = failure.retryAfter.map { longBackoff.failures > 3 ? max($0, backedOff) : $0 } ?? backedOff
        case .unavailable: wait = failure.retryAfter ?? shortBackoff.next(random: Double.random(in: 0...1))
        case .keyRejected, .refused: wait = Self.refusedWait
        }
        pause(wait, because: "\(failure)", at: uptime)
    }

    private mutating func unanswered(_ error: HTTPError, at uptime: Duration) throws -> SourceStep {
        if error.kind == .cancelled { return .more }
        metrics.unanswered.increment()
        if error.disposition == .fatal { throw error }
        pause(shortBackoff.next(random: Double.random(in: 0...1)), because: "\(error)", at: uptime)
        return .more
    }

    private mutating func pause(_ wait: Duration, because reason: String, at uptime: Duration) {
        // A first start often has no way to CoinGecko at all, and the health of the container shows this line.
        let reason = everAnswered ? reason : "\(reason); without CoinGecko: INGESTOR_SOURCE=simulator invents prices"
        readiness.set("source", .failing(reason))
        log.warning("\(reason); next attempt in \(wait.inSeconds)")
        round.failed(wait: wait, at: uptime)
    }
}
