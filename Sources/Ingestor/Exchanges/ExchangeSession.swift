import Shared

/// One exchange of a ``TradeSource``: its feed's decisions, and the thread that asks for its history.
struct ExchangeSession {
    /// The longest `Retry-After` that is believed.
    static let retryAfterCap: Duration = .seconds(600)
    /// A page of history has 1000 trades of some 150 bytes.
    static let historyLimits = HTTPClient.Limits(timeout: .seconds(10), bodyBytes: 4 << 20)

    /// The numbers of its connections among those of all exchanges.
    let connections: Range<Int>
    private var feed: ExchangeFeed
    private let ticks: TradeTicks
    private let history: HistoryThread
    /// How many of the feed's trades that are ready have been handed out.
    private var handed = 0

    /// A session whose connections are not made yet.
    /// - Parameters:
    ///   - feed: the exchange's, not begun.
    ///   - firstConnection: the number of its first connection.
    ///   - history: asks for pages; it is ended with ``end()``.
    init(_ feed: ExchangeFeed, firstConnection: Int, history: HistoryThread) {
        self.feed = feed
        self.history = history
        connections = firstConnection..<firstConnection + feed.connectionCount
        ticks = TradeTicks(feed.exchange)
    }

    /// Why not everything flows; nil when it does.
    var problem: String? { feed.problem }

    /// Whether trades wait to be handed out.
    var hasTrades: Bool { handed < feed.ready.count }

    /// Nobody has looked at what came for a while.
    mutating func resumed(at now: Duration) {
        feed.resumed(at: now)
    }

    /// Something came from one of its connections.
    /// - Parameters:
    ///   - entry: what came.
    ///   - bytes: those of the whole batch.
    ///   - now: the time.
    mutating func take(_ entry: FeedBatch.Entry, of bytes: Span<UInt8>, at now: Duration) {
        let number = entry.connection - connections.lowerBound
        switch entry.kind {
        case .opened: feed.opened(number, at: now)
        case .message(let range): feed.take(bytes.extracting(range), from: number, at: now)
        case .closed(let reason, let retryAfter):
            let random = Double.random(in: 0...1)
            feed.closed(number, reason: reason, retryAfter: retryAfter, at: now, random: random)
        }
    }

    /// Takes what the history answered, and does what is due.
    mutating func advance(_ sockets: WebSocketGroup, at now: ClockReading) {
        if let answer = history.take() { take(answer, at: now) }
        feed.advance(at: now.uptime)
        for action in feed.actions { perform(action, sockets) }
        feed.actions.removeAll(keepingCapacity: true)
    }

    /// Hands out trades that are ready.
    /// - Parameter limit: the most ticks that the batch may hold.
    mutating func hand(to batch: inout TickBatch, atMost limit: Int, ingestedAt: EventTime) {
        let end = min(feed.ready.count, handed + max(0, limit - batch.count))
        for index in handed..<end { ticks.append(feed.ready[index], ingestedAt: ingestedAt, to: &batch) }
        handed = end
        guard handed == feed.ready.count else { return }
        feed.ready.removeAll(keepingCapacity: true)
        handed = 0
    }

    /// Ends the history's thread.
    func end() {
        history.end()
    }

    private func perform(_ action: FeedAction, _ sockets: WebSocketGroup) {
        switch action {
        case .connect(let number, let url): sockets.connect(connections.lowerBound + number, to: url)
        case .send(let number, let text): sockets.send(text, on: connections.lowerBound + number)
        case .disconnect(let number): sockets.disconnect(connections.lowerBound + number)
        case .askHistory(let product, let url): history.ask(url, of: product)
        }
    }

    private mutating func take(_ answer: HistoryThread.Answer, at now: ClockReading) {
        let random = Double.random(in: 0...1)
        switch answer.response {
        case .success(let response) where response.status == 200:
            feed.takeHistory(response.body.span, of: answer.product, at: now.uptime, random: random)
        case .success(let response):
            feed.historyFailed(
                of: answer.product,
                reason: "HTTP \(response.status) \(response.excerpt)",
                retryAfter: RetryAfter.wait(in: response, wall: now.wall, cap: Self.retryAfterCap),
                at: now.uptime,
                random: random
            )
        case .failure(let error):
            feed.historyFailed(
                of: answer.product,
                reason: "\(error)",
                retryAfter: nil,
                at: now.uptime,
                random: random
            )
        }
    }
}
