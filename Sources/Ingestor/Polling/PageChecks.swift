import Logging
import Shared

/// Notices what is odd about answers that are good ones, and says each thing once.
struct PageChecks {
    private let metrics: IngestorMetrics
    private let vendor: String
    private let log: Logger
    private var list: ListWatch
    private var age = SourceAge()
    private var judgedRounds = 0
    private var isDateBelieved = true
    private let vsCurrencies: [String]
    private var checked: Set<String> = []

    /// Begins without any suspicion.
    /// - Parameters:
    ///   - vendor: whose answers they are.
    ///   - metrics: what to count.
    init(_ vendor: any PriceVendor, metrics: IngestorMetrics) {
        self.metrics = metrics
        self.vendor = vendor.name
        log = Logger(label: vendor.source)
        // The list is the same in every currency.
        vsCurrencies = vendor.requests.first?.vsCurrencies ?? []
        list = ListWatch(pages: vendor.requests.prefix { [vsCurrencies] in $0.vsCurrencies == vsCurrencies }.count)
    }

    /// The time of an answer, with a word when its `Date` can't be right.
    /// - Parameters:
    ///   - date: its `Date`, if it has one.
    ///   - wall: when it arrived, by this machine's clock.
    ///   - tolerance: how far the one may be ahead of the other.
    mutating func time(date: EventTime?, wall: EventTime, tolerance: Duration) -> AnswerTime {
        let time = AnswerTime(date: date, wall: wall, tolerance: tolerance)
        if !time.isDateBelieved { metrics.wrongDate.increment() }
        if time.isDateBelieved != isDateBelieved {
            isDateBelieved = time.isDateBelieved
            let said = date.map { "\($0)" } ?? "missing"
            log.warning(
                isDateBelieved
                    ? "\(vendor)'s Date agrees with the clock again"
                    : "\(vendor)'s Date is \(said), but this machine's clock says \(wall) and is believed"
            )
        }
        return time
    }

    /// Takes the age of a page of the round.
    mutating func add(newest: EventTime?, at time: AnswerTime) {
        if age.add(newest: newest, at: time.time) { metrics.behind.increment() }
    }

    /// Notices at the end of a round that everything in it is old: the source's clock is wrong, or it stands still. The
    /// times are kept: a price that was true then is not true now.
    /// - Parameter rounds: how many rounds are over.
    mutating func judge(rounds: Int) {
        guard rounds > judgedRounds else { return }
        judgedRounds = rounds
        if let change = list.judge() {
            metrics.listAdded.increment(by: change.added.count)
            metrics.listDropped.increment(by: change.dropped.count)
            log.notice("the list of coins has changed and has \(list.count) now: \(change)")
        }
        guard let youngest = age.judge() else { return }
        log.warning(
            age.isBehind
                ? "the newest price of a round is \(youngest.inSeconds) old: the source stands still or its clock is off"
                : "the prices are recent again"
        )
    }

    /// Takes what a page lists.
    /// - Returns: the ids that it was asked for and doesn't have, once for each request: a vendor leaves them out without a
    ///   word, and a ticker symbol is easily taken for an id.
    mutating func add(_ page: PolledPage, of request: PollRequest) -> [String] {
        guard request.vsCurrencies == vsCurrencies else { return [] }
        list.add(page.rows.lazy.map(\.id), page: request.page, isLast: page.listed == 0 && request.ids.isEmpty)
        guard checked.insert(request.url).inserted else { return [] }
        if page.listed == 0, request.page == 1, request.ids.isEmpty {
            log.warning("\(vendor) lists no coin; check INGESTOR_COINS and INGESTOR_CATEGORY")
        }
        return page.unknown
    }
}
