import Logging
import Shared

/// Brings a piece of history into `prices.raw`: window by window, within the budget, and after a kill from where it was.
final class BackfillRun {
    /// The most ticks of a transaction.
    static let pieceSize = 20_000

    private let request: BackfillRequest
    private let vendor: CoinGecko
    private let api: PriceAPI
    private let kafka: KafkaSettings
    private let partitions: Int
    private let heartbeat: Heartbeat
    private let metrics: IngestorMetrics
    private let stop: StopSignal
    private let clock: () -> ClockReading
    private let log = Logger(label: "backfill")
    private var meter: ProgressMeter
    private var calls = 0
    private var skipped = 0

    /// Makes a run that has not begun.
    /// - Parameters:
    ///   - request: what is wanted.
    ///   - settings: plan, key and limits.
    ///   - kafka: where the topics are.
    ///   - partitions: of `ingestor.state`.
    ///   - heartbeat: gets a beat while it waits.
    ///   - meter: shows how far it is.
    ///   - clock: reads both clocks.
    /// - Throws: a ``KafkaError`` when `ingestor.state` can't be read; an ``HTTPError`` when libcurl cannot start.
    init(
        request: BackfillRequest,
        settings: CoinGeckoSettings,
        kafka: KafkaSettings,
        partitions: Int,
        heartbeat: Heartbeat,
        metrics: IngestorMetrics,
        meter: ProgressMeter,
        stop: StopSignal,
        clock: @escaping () -> ClockReading = { .now() }
    ) throws {
        self.request = request
        vendor = CoinGecko(settings: settings)
        api = try PriceAPI(
            vendor: vendor,
            round: 1,
            purpose: .backfill,
            state: try KafkaStateLog(kafka: kafka, partitions: partitions, heartbeat: heartbeat, stop: stop),
            metrics: metrics,
            stop: stop
        )
        self.kafka = kafka
        self.partitions = partitions
        self.heartbeat = heartbeat
        self.metrics = metrics
        self.meter = meter
        self.stop = stop
        self.clock = clock
    }

    /// Does it.
    /// - Parameter isDry: says what it would cost, and does nothing.
    /// - Throws: a `ClassifiedError`; what is in the topic by then is not done again.
    func run(isDry: Bool) throws {
        // Whoever was at it before ends now, so that what is read below stays true.
        let sink =
            isDry
            ? nil : try BackfillSink(kafka: kafka, name: request.name, outputPrefix: request.outputPrefix, stop: stop)
        let table = try KafkaStateLog.committed(kafka: kafka, partitions: partitions, heartbeat: heartbeat)
        while true {
            let wait = try api.askUsage(everAnswered: false, clock: clock)
            if wait == .zero { break }
            try pause(wait)
        }
        var progress = try begin(table.backfills[request.name])
        let series = progress.coins.flatMap { coin in
            request.vsCurrencies.map { HistorySeries(coin: coin, vsCurrency: $0) }
        }
        let plan = BackfillPlan(from: progress.from, to: progress.to, series: series, granularity: request.granularity)
        try announce(plan, progress)
        guard let sink else { return }
        // The range and the coins stay those of now, whatever happens next.
        if table.backfills[request.name]?.coins.isEmpty ?? true {
            _ = try sink.write([], of: plan, progress: progress, ingestedAt: clock().wall)
        }
        let all = Double(plan.to.microseconds - plan.from.microseconds)
        meter.begin(at: clock().uptime, done: Double(progress.next.microseconds - plan.from.microseconds) / max(1, all))
        while !progress.isDone {
            let window = plan.window(at: progress.next)
            var merged = BackfillWindow()
            for (index, series) in plan.series.enumerated() {
                let answer = try ask(BackfillPlan.url(series, window, baseURL: vendor.baseURL))
                skipped += answer.skipped
                merged.add(answer.points, of: index, wanted: max(window.lowerBound, progress.next)..<window.upperBound)
                let part = Double(index + 1) / Double(plan.series.count)
                let reached =
                    Double(window.lowerBound.microseconds - plan.from.microseconds)
                    + part * Double(window.upperBound.microseconds - window.lowerBound.microseconds)
                meter.show(
                    reached / max(1, all),
                    "\(progress.ticks) ticks, \(calls) calls",
                    at: clock().uptime
                )
            }
            for piece in merged.pieces(of: Self.pieceSize, end: window.upperBound) {
                progress.next = piece.next
                progress.ticks += piece.entries.count
                let now = clock()
                skipped += try sink.write(piece.entries, of: plan, progress: progress, ingestedAt: now.wall)
                metrics.produced.increment(by: piece.entries.count)
                metrics.acknowledged.increment(by: piece.entries.count)
            }
        }
        meter.end()
        let left = skipped > 0 ? "; \(skipped) points were no ticks" : ""
        log.info(
            "history from \(progress.from) to \(progress.to) is complete: \(progress.ticks) ticks, \(calls) calls now\(left)"
        )
    }

    /// Where it goes on, or a new beginning.
    private func begin(_ known: BackfillProgress?) throws -> BackfillProgress {
        // Of a gap that was only noticed nothing is known but what the request says too.
        if var known, !known.coins.isEmpty {
            // A range that ends now ends later the next time.
            if !known.isDone || request.to != nil { return known }
            known.next = known.to
            known.to = clock().wall
            return known
        }
        let now = clock().wall
        let to = min(request.to ?? now, now)
        var from = request.from
        if let reach = vendor.settings.plan.historyReach {
            // A minute of grace: the calls come a little later.
            let earliest = EventTime(microseconds: now.microseconds - reach.wholeMicroseconds + 60_000_000)
            if from < earliest {
                log.warning("without a paid key history reaches back 365 days, so it begins at \(earliest)")
                from = earliest
            }
        }
        guard from < to else {
            throw BackfillError("from \(from) to \(to) there is nothing; --from must be before --to and now")
        }
        let coins = try resolve()
        return BackfillProgress(request, from: from, to: to, coins: coins)
    }

    /// The coins with symbol and name; a list of the largest becomes the coins of today.
    private func resolve() throws -> [CoinName] {
        var coins: [CoinName] = []
        let currency = request.vsCurrencies.prefix(1).map { $0 }
        var unknown: [String] = []
        let round = MarketsRequest.round(
            coins: request.coins,
            vsCurrencies: currency,
            category: request.category,
            baseURL: vendor.baseURL
        )
        for page in round {
            let rows = try markets(page).rows.prefix(page.rows)
            coins += rows.map { CoinName(id: $0.id, symbol: $0.symbol ?? $0.id, name: $0.name ?? $0.id) }
            unknown += Set(page.ids).subtracting(rows.map(\.id)).sorted()
        }
        // The polls of a gap went on without them too.
        guard unknown.isEmpty || request.isGap else {
            let all = (try? again(vendor.baseURL + "/coins/list") { try? NearMatches.coins($0.body.span) }) ?? []
            let matches = NearMatches(among: all, largest: NearMatches.listedIDs)
            throw BackfillError("\(matches.sentence(about: unknown, vendor: vendor.name)); see --coins")
        }
        guard !coins.isEmpty else { throw BackfillError("CoinGecko names no coin; see --coins") }
        return coins
    }

    private func announce(_ plan: BackfillPlan, _ progress: BackfillProgress) throws {
        let calls = plan.calls(from: progress.next)
        let now = clock()
        let left = api.leftOfMonth(at: now.wall)
        let minutes = Double(calls) / Double(api.limits.perMinute(for: .backfill))
        let month = left.map { "the month leaves \($0)" } ?? "no monthly quota known"
        let start = progress.next > progress.from ? ", going on at \(progress.next) behind \(progress.ticks) ticks" : ""
        log.info(
            """
            history of \(progress.coins.count) coins in \(request.vsCurrencies.joined(separator: ", ")) from \(progress.from) \
            to \(progress.to) (\(request.granularity.rawValue))\(start): \(calls) calls, about \
            \(ProgressMeter.text(of: .seconds(minutes * 60))) at \(api.limits.perMinute(for: .backfill)) a minute; \(month)
            """
        )
        let most = request.mostCalls ?? left.map { $0 / 2 }
        if let most, calls > most {
            throw BackfillError(
                """
                \(calls) calls are more than \(request.mostCalls == nil ? "half of what the month leaves" : "--max-calls"), \
                \(most): say --max-calls \(calls), or ask for less
                """
            )
        }
    }

    private func markets(_ page: PollRequest) throws -> MarketsPage {
        try again(page.url) { response in try? MarketsPage(json: response.body.span) }
    }

    private func ask(_ url: String) throws -> HistoryAnswer {
        try again(url) { response in try? HistoryAnswer(json: response.body.span) }
    }

    /// Asks until there is a usable answer, within the budget and ever more rarely while there is none.
    private func again<Answer>(_ url: String, _ read: (HTTPResponse) -> Answer?) throws -> Answer {
        var backoff = Backoff()
        while true {
            while true {
                let place = try api.reserve(at: clock())
                if place == .zero { break }
                try pause(place)
            }
            calls += 1
            let wait: Duration
            do {
                let response = try api.get(url, clock: clock)
                if response.status == 200, let answer = read(response) { return answer }
                let failure = api.failure(response, at: clock().wall)
                if failure.disposition == .fatal { throw BackfillError("\(failure)") }
                wait = max(failure.retryAfter ?? .zero, backoff.next(random: .random(in: 0...1)))
                log.warning("\(failure); next attempt in \(wait.inSeconds)")
            } catch let error as HTTPError {
                if error.disposition == .fatal || error.kind == .cancelled { throw error }
                wait = backoff.next(random: .random(in: 0...1))
                log.warning("\(error); next attempt in \(wait.inSeconds)")
            }
            try pause(wait)
        }
    }

    private func pause(_ wait: Duration) throws {
        let end = clock().uptime + wait
        while true {
            heartbeat.beat()
            let left = end - clock().uptime
            guard left > .zero else { return }
            if stop.sleep(for: min(left, .seconds(1))) {
                throw BackfillError("stopped; the same command goes on where it was")
            }
        }
    }
}
