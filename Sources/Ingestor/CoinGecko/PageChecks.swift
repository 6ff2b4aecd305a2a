import Logging
import Shared

/// Notices what is odd about answers that are good ones, and says each thing once.
struct PageChecks {
    private let metrics: IngestorMetrics
    private let log = Logger(label: "coingecko")
    private var age = SourceAge()
    private var judgedRounds = 0
    private var isDateBelieved = true
    private var checkedIDs: Set<String> = []

    /// Begins without any suspicion.
    init(metrics: IngestorMetrics) {
        self.metrics = metrics
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
                    ? "CoinGecko's Date is right again"
                    : "CoinGecko's Date is \(said), but this machine's clock says \(wall) and is believed"
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
        guard let youngest = age.judge() else { return }
        log.warning(
            age.isBehind
                ? "the newest price of a round is \(youngest.inSeconds) old: the source stands still or its clock is off"
                : "the prices are recent again"
        )
    }

    /// Names the ids that CoinGecko does not know: it leaves them out without a word, and a ticker symbol is easily taken
    /// for an id.
    mutating func nameUnknown(of request: MarketsRequest, in page: MarketsPage) {
        guard !request.ids.isEmpty, checkedIDs.insert(request.url).inserted else { return }
        let unknown = Set(request.ids).subtracting(page.rows.map(\.id)).sorted()
        if !unknown.isEmpty {
            log.warning("CoinGecko has no coin with the id \(unknown.joined(separator: ", ")); see INGESTOR_COINS")
        }
    }
}
