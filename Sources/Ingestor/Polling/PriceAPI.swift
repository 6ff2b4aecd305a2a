import Logging
import Shared

/// An aggregator of prices over HTTP: one connection that is kept, the key in a header, and no request that the budget doesn't allow.
///
/// It belongs to one thread.
final class PriceAPI {
    /// When the plan's own figures are asked for again.
    static let usageInterval: Duration = .seconds(6 * 3_600)
    /// When it is asked again while the month is used up.
    static let exhaustedInterval: Duration = .seconds(3_600)

    /// Host, key and limits.
    let vendor: any PriceVendor
    /// What the key allows.
    private(set) var limits: CallLimits
    /// What the vendor says of the key.
    private(set) var usage: KeyUsage?
    private let client: HTTPClient
    private let metrics: IngestorMetrics
    private let purpose: CallPurpose
    private let log: Logger
    private var shared: SharedBudget
    private var own: RequestBudget
    private var nextUsage: Duration?
    /// The ledger's number when the vendor said what is left of the month.
    private var numberAtUsage = 0

    /// Makes a client.
    /// - Parameters:
    ///   - vendor: host, key and limits.
    ///   - round: how many requests a round of polling needs.
    ///   - purpose: what its requests are for.
    ///   - state: where the ledger of the calls is.
    ///   - metrics: what to count.
    ///   - stop: ends a request.
    /// - Throws: ``HTTPError`` when libcurl cannot start.
    init(
        vendor: any PriceVendor,
        round: Int,
        purpose: CallPurpose,
        state: any StateLog,
        metrics: IngestorMetrics,
        stop: StopSignal
    ) throws(HTTPError) {
        client = try HTTPClient(
            userAgent: "tickline-ingestor/\(BuildInfo.version)",
            limits: HTTPClient.Limits(timeout: vendor.timeout, bodyBytes: vendor.bodyLimit),
            stop: stop
        )
        self.vendor = vendor
        log = Logger(label: vendor.source)
        self.metrics = metrics
        self.purpose = purpose
        limits = vendor.limits(usage: nil, round: round)
        own = RequestBudget(limits)
        shared = SharedBudget(
            log: state,
            fingerprint: vendor.ledger,
            process: SHA256.name(SHA256.digest((0..<4).flatMap { _ in "\(UInt64.random(in: 0 ... .max))".utf8 }))
        )
        nextUsage = vendor.usageURL == nil ? nil : .zero
    }

    /// What is left of the month; `nil` when it has no limit.
    func leftOfMonth(at wall: EventTime) -> Int? {
        let ledger = shared.ledger
        let counted = limits.perMonth.map { max(0, $0 - ledger.spent(at: wall)) }
        let said = usage?.left.map { max(0, $0 - max(0, ledger.number - numberAtUsage)) }
        return [counted, said].compactMap(\.self).min()
    }

    /// How long the next request has to wait, as far as is known.
    /// - Throws: a `ClassifiedError` that nothing heals.
    func wait(at now: ClockReading) throws -> Duration {
        let wait = try whileReachable { try shared.wait(for: purpose, at: now.wall, limits: limits) }
        showBudget(at: now.wall)
        return max(wait, own.wait(for: purpose, at: now.uptime), exhausted(at: now))
    }

    /// Takes a place for the request that goes out next.
    /// - Returns: zero when it may go; otherwise how long to wait, and nothing was spent.
    /// - Throws: a `ClassifiedError` that nothing heals.
    func reserve(at now: ClockReading) throws -> Duration {
        let held = max(own.wait(for: purpose, at: now.uptime), exhausted(at: now))
        if held > .zero { return held }
        let wait = try whileReachable { try shared.spend(for: purpose, at: now.wall, limits: limits) }
        if wait == .zero { own.spend(for: purpose, at: now.uptime) }
        showBudget(at: now.wall)
        return wait
    }

    /// Sends a request that has its place.
    /// - Parameters:
    ///   - url: the whole URL.
    ///   - etag: what the last answer was known by.
    ///   - clock: reads both clocks.
    /// - Throws: ``HTTPError`` without an answer, and with no secret in its words.
    func get(_ url: String, etag: String? = nil, clock: () -> ClockReading) throws(HTTPError) -> HTTPResponse {
        var headers = [(name: "Accept", value: "application/json")]
        if let key = vendor.key { headers.append((key.header, key.value)) }
        if let etag { headers.append(("If-None-Match", etag)) }
        let began = clock().uptime
        do throws(HTTPError) {
            let response = try client.get(url, headers: headers)
            metrics.requestSeconds.observe(clock().uptime - began)
            metrics.answered(response.status)
            if response.status == 304 { metrics.notModified.increment() }
            return response
        } catch {
            if error.kind != .cancelled { metrics.unanswered.increment() }
            var error = error
            error.description = vendor.secrets.masked(error.description)
            throw error
        }
    }

    /// What an answer is that isn't the one that was asked for.
    func failure(_ response: HTTPResponse, at wall: EventTime) -> PriceFailure {
        vendor.failure(response, at: wall)
    }

    /// Asks for the plan's own figures when it is time, if the plan has them. What goes wrong with it is logged: the figures
    /// that are known hold on.
    /// - Returns: how long to wait before it can be asked; zero when there is nothing to wait for.
    /// - Throws: ``PriceFailure`` when the key isn't accepted, and none was before.
    func askUsage(everAnswered: Bool, clock: () -> ClockReading) throws -> Duration {
        let now = clock()
        guard let url = vendor.usageURL, let due = nextUsage, due <= now.uptime else { return .zero }
        let isExhausted = exhausted(at: now) > .zero
        let wait = try whileReachable { try shared.spend(for: purpose, at: now.wall, limits: limits) }
        if wait > .zero { return isExhausted ? .zero : wait }
        own.spend(for: purpose, at: now.uptime)
        nextUsage = now.uptime + Self.usageInterval
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try get(url, clock: clock)
        } catch {
            if error.disposition == .fatal, !everAnswered { throw error }
            if error.kind != .cancelled { log.warning("could not ask for the plan's limits: \(error)") }
            return .zero
        }
        if response.status == 200, let usage = try? vendor.usage(response.body.span) {
            self.usage = usage
            numberAtUsage = shared.ledger.number
            limits = vendor.limits(usage: usage, round: limits.round)
            own.limits = limits
            return .zero
        }
        let failure = failure(response, at: clock().wall)
        if failure.kind == .keyRejected, failure.code != 10_005, !everAnswered { throw failure }
        log.warning(
            "\(vendor.name) does not say what the plan allows; assuming \(limits.perMinute) requests a minute: \(failure)"
        )
        return .zero
    }

    /// How long to wait for the month to end, or for somebody to buy more of it: the vendor says when.
    private func exhausted(at now: ClockReading) -> Duration {
        guard usage?.left != nil, leftOfMonth(at: now.wall) == 0 else { return .zero }
        let next = min(nextUsage ?? now.uptime, now.uptime + Self.exhaustedInterval)
        nextUsage = next
        return max(.seconds(1), next - now.uptime)
    }

    /// What ``StateLog`` says, or a second's wait while the brokers are away.
    private func whileReachable(_ body: () throws -> Duration) throws -> Duration {
        do {
            return try body()
        } catch let error as any ClassifiedError where error.disposition == .retry {
            log.debug("no room in the budget for a request: \(error)")
            return .seconds(1)
        }
    }

    private func showBudget(at wall: EventTime) {
        let ledger = shared.ledger
        metrics.budgetLeft.set(ledger.leftThisMinute(at: wall, limits: limits))
        metrics.monthSpent.set(ledger.spent(at: wall))
        metrics.monthLeft.set(leftOfMonth(at: wall) ?? -1)
    }
}
