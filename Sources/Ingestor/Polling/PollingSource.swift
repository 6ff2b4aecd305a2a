import Logging
import Shared

/// Polls an aggregator of prices within a budget and hands out the rows that say something new.
struct PollingSource: TickSource {
    private let api: PriceAPI
    private let state: any StateLog
    private let vendor: any PriceVendor
    private let pollInterval: Duration?
    private let metrics: IngestorMetrics
    private let readiness: Readiness
    private let onGap: (Range<EventTime>) throws -> Void
    private let log: Logger
    private var round: PollRound
    private var sent = SentTicks()
    private var checks: PageChecks
    /// What is remembered of each page, by ``MarketsRequest/pageName``.
    private var pages: [String: PageMemory] = [:]
    /// What `ingestor.state` is to say once the ticks that were handed out are acknowledged.
    private var pending: [StateRecord] = []
    private var gaps = GapWatch()
    /// Ids that the vendor doesn't know and that nobody was told of yet.
    private var unknown: [String] = []
    /// The coins that may have been meant, where a page has them all.
    private var known: [CoinName] = []
    private var unknownCount = 0
    private var hasBegun = false
    private var everAnswered = false

    /// Makes a source.
    /// - Parameters:
    ///   - vendor: who is asked, and for what.
    ///   - pollInterval: the time between two rounds; `nil` computes it from plan and budget.
    ///   - state: what was sent before, and what is kept for the next start.
    ///   - metrics: what to count.
    ///   - readiness: its condition `source` is kept.
    ///   - stop: ends a request.
    ///   - onGap: told of a time in which no page was answered; what it throws makes it be told again.
    /// - Throws: ``HTTPError`` when libcurl cannot start.
    init(
        _ vendor: any PriceVendor,
        pollInterval: Duration?,
        state: any StateLog,
        metrics: IngestorMetrics,
        readiness: Readiness,
        stop: StopSignal,
        onGap: @escaping (Range<EventTime>) throws -> Void = { _ in }
    ) throws(HTTPError) {
        self.onGap = onGap
        api = try PriceAPI(
            vendor: vendor,
            round: vendor.requests.count,
            purpose: .poll,
            state: state,
            metrics: metrics,
            stop: stop
        )
        self.state = state
        self.vendor = vendor
        log = Logger(label: vendor.source)
        self.pollInterval = pollInterval
        self.metrics = metrics
        self.readiness = readiness
        checks = PageChecks(vendor, metrics: metrics)
        round = PollRound(requests: vendor.requests, interval: vendor.refreshInterval)
    }

    mutating func next(into batch: inout TickBatch, clock: () -> ClockReading) throws -> SourceStep {
        let held = try api.askUsage(everAnswered: everAnswered, clock: clock)
        if held > .zero { return .wait(held) }
        if !hasBegun { begin(at: clock().wall) }
        if round.completed > 0, !unknown.isEmpty, try explainUnknown(clock: clock) { return .more }
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
        switch PollAnswer(response, to: request, of: vendor, at: arrived.wall) {
        case .page(let page):
            let time = time(of: response, arrived: arrived.wall)
            take(page, of: request, at: time, arrived: arrived.wall, into: &batch)
            let memory = PageMemory(
                etag: response.etag,
                isEmpty: page.listed == 0,
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
        let latest = AnswerTime(date: nil, wall: wall, tolerance: vendor.clockTolerance).latest
        let own = Set(round.requests.flatMap(\.vsCurrencies).map { vendor.stateNamespace + $0 })
        for (key, tick) in state.table.coins where own.contains(key.vsCurrency) {
            sent.restore(tick, of: key, latest: latest)
        }
        // A process that was killed may have noticed a gap, and not have written that the page was answered.
        gaps = GapWatch(known: state.table.backfills.values.filter(\.isGap).map(\.to).max())
        for request in round.requests {
            pages[request.pageName] = state.table.pages[request.pageName]
        }
        let limits = api.limits
        round.interval = max(pollInterval ?? vendor.pollInterval(limits: limits), limits.roundInterval)
        metrics.pollInterval.set(round.interval / .seconds(1))
        let monthly = Int(Double(round.requests.count) * (.seconds(30 * 86_400) / round.interval))
        let first = round.requests.first?.vsCurrencies ?? []
        let pages = round.requests.prefix { $0.vsCurrencies == first }.count
        let currencies = Set(round.requests.flatMap(\.vsCurrencies)).count
        let plan = api.usage?.plan.map { "\(vendor.plan), plan \($0)" } ?? vendor.plan
        let quota =
            limits.perMonth.map { "quota \($0) in 31 days, \(api.leftOfMonth(at: wall) ?? $0) left" }
            ?? "no monthly quota known"
        log.info(
            """
            polling \(MaskedURL.withoutUser(vendor.baseURL)) (\(plan)): \(pages) pages in \(currencies) currencies, \
            \(round.requests.count) requests every \(round.interval.inSeconds), about \(monthly) \
            in 30 days; \(quota), at most \(limits.perMinute) a minute; \(sent.count) coins were sent before
            """
        )
    }

    private mutating func take(
        _ page: PolledPage,
        of request: PollRequest,
        at time: AnswerTime,
        arrived: EventTime,
        into batch: inout TickBatch
    ) {
        metrics.skipped(.malformed)?.increment(by: page.malformed)
        var unchanged = 0
        for row in page.rows {
            let key = CoinKey(coinID: row.id, vsCurrency: vendor.stateNamespace + row.vsCurrency)
            if row.roundedNumbers > 0 { metrics.rounded.increment() }
            if row.unusableFields > 0 { metrics.incomplete.increment() }
            switch sent.decide(row, vsCurrency: key.vsCurrency, at: time) {
            case .send(let timestamp, let isAhead):
                guard let price = row.currentPrice else { break }
                if isAhead { metrics.ahead.increment() }
                let tick = row.tick(
                    price: price,
                    source: vendor.source,
                    timestamp: timestamp,
                    ingestedAt: arrived
                )
                guard batch.append(tick) else {
                    metrics.skipped(.malformed)?.increment()
                    break
                }
                let kept = SentTick(timestamp: timestamp, price: price, lastUpdated: row.lastUpdated)
                pending.append(StateRecord(key: .coin(key), value: kept.bytes))
            case .unchanged: unchanged += 1
            case .skip(let reason): metrics.skipped(reason)?.increment()
            }
        }
        metrics.unchanged.increment(by: unchanged)
        unknown += checks.add(page, of: request)
        if !page.known.isEmpty, !unknown.isEmpty { known = page.known }
        log.debug("\(request.name): \(page.listed) coins, \(batch.count) new, \(unchanged) unchanged")
    }

    /// Says which ids the vendor doesn't know, and which may have been meant, for a call where it has to be asked for those.
    /// - Returns: whether a request was made; it isn't while the budget has no place.
    private mutating func explainUnknown(clock: () -> ClockReading) throws -> Bool {
        guard let url = vendor.coinListURL else {
            tellUnknown(among: known)
            known = []
            return false
        }
        guard try api.reserve(at: clock()) == .zero else { return false }
        do throws(HTTPError) {
            let response = try api.get(url, clock: clock)
            if response.status == 200, let coins = try? NearMatches.coins(response.body.span) {
                tellUnknown(among: coins)
                return true
            }
            let now = clock()
            let failure = vendor.failure(response, at: now.wall)
            if failure.kind == .rateLimited { metrics.rateLimited.increment() }
            if failure.poll.concernsAll {
                _ = round.failed(failure.poll, random: Double.random(in: 0...1), at: now.uptime)
            }
            log.warning("the list of all coins: \(failure)")
        } catch {
            if error.kind == .cancelled { return true }
            log.warning("the list of all coins: \(error)")
        }
        tellUnknown(among: [])
        return true
    }

    private mutating func tellUnknown(among coins: [CoinName]) {
        let matches = NearMatches(among: coins, largest: NearMatches.listedIDs)
        log.warning("\(matches.sentence(about: unknown, vendor: vendor.name)); see INGESTOR_COINS")
        unknownCount += unknown.count
        metrics.unknownCoins.set(unknownCount)
        unknown = []
    }

    /// Keeps what an answer said, for this process now and for the next one once its ticks are acknowledged.
    private mutating func remember(_ memory: PageMemory, of request: PollRequest) {
        let before = pages[request.pageName]?.answered
        if let before, let gap = gaps.answered(at: memory.answered, before: before, interval: round.interval) {
            do {
                try onGap(gap)
                gaps.told(at: memory.answered)
            } catch {
                // What isn't written down is still missing: the next answer finds the same gap, and a longer one.
                log.warning(
                    "nothing was polled from \(gap.lowerBound) on, which can't be recorded yet: \(error)"
                )
                pages[request.pageName] = memory
                pages[request.pageName]?.answered = before
                return
            }
        }
        pages[request.pageName] = memory
        pending.append(StateRecord(key: .page(request.pageName), value: memory.bytes))
    }

    private mutating func time(of response: HTTPResponse, arrived: EventTime) -> AnswerTime {
        let date = response[header: "date"].flatMap(HTTPClient.date)
        return checks.time(date: date, wall: arrived, tolerance: vendor.clockTolerance)
    }

    private mutating func succeeded(
        _ request: PollRequest,
        _ response: HTTPResponse,
        at time: AnswerTime,
        uptime: Duration
    ) {
        let page = pages[request.pageName]
        checks.add(newest: page?.newest, at: time)
        let fresh = Freshness.left(of: response)
        // Of ids another page may hold some even if this one holds none.
        let isEnd = request.ids.isEmpty && page?.isEmpty ?? false
        let hadFailed = round.answered(isEmpty: isEnd, fresh: fresh, at: uptime)
        if !everAnswered || hadFailed { log.info("\(vendor.name) answers: \(request.name)") }
        everAnswered = true
        readiness.set("source", .ok)
        metrics.failingRequests.set(round.failing)
        checks.judge(rounds: round.completed)
    }

    private mutating func failed(_ failure: PriceFailure, _ request: PollRequest, at uptime: Duration) throws {
        if failure.kind == .rateLimited { metrics.rateLimited.increment() }
        if failure.disposition == .fatal, !everAnswered { throw failure }
        pause(failure.poll, request, because: "\(failure)", at: uptime)
    }

    private mutating func unanswered(_ error: HTTPError, _ request: PollRequest, at uptime: Duration) throws {
        let isLasting = error.disposition == .fatal
        if isLasting, !everAnswered { throw error }
        pause(PollFailure(concernsAll: isLasting, isLasting: isLasting), request, because: "\(error)", at: uptime)
    }

    private mutating func pause(
        _ failure: PollFailure,
        _ request: PollRequest,
        because reason: String,
        at uptime: Duration
    ) {
        // A first start often has no way to the internet at all, and the health of the container shows this line.
        let reason =
            everAnswered ? reason : "\(reason); without \(vendor.name): INGESTOR_SOURCE=simulator invents prices"
        let wait = round.failed(failure, random: Double.random(in: 0...1), at: uptime)
        if failure.concernsAll || !round.works(at: uptime) { readiness.set("source", .failing(reason)) }
        metrics.failingRequests.set(round.failing)
        log.warning("\(request.name): \(reason); next attempt in \(wait.inSeconds)")
        checks.judge(rounds: round.completed)
    }
}
