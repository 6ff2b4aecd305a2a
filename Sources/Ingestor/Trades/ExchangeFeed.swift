import Logging
import Shared

/// The feed of one exchange: events of its connections and of its history go in, trades in order and things to do come out.
/// It knows no socket and no clock: time is passed in.
struct ExchangeFeed {
    /// What bounds a feed.
    struct Limits: Sendable {
        /// How long a hole may stand without anything coming of it.
        var patience: Duration = .seconds(60)
        /// How many trades may wait for others, over all products: 64 bytes each.
        var held = 200_000
    }

    /// What is particular to the exchange.
    let exchange: any Exchange
    /// Trades that can be sent, in order of each product; whoever sends them removes them.
    var ready: [Trade] = []
    /// What is to be done; whoever does it removes it.
    var actions: [FeedAction] = []

    private let limits: Limits
    private let counts: FeedCounts
    private let log: Logger
    private var connections: [FeedConnection]
    private var products: [ProductTrades]
    private var history: HistoryPlan
    private var heldCount = 0
    private var refused: Set<Int> = []
    private var nextConnect = Duration.zero
    /// Why a connection was closed last; nil since one was opened.
    private var lastClose: String?
    private var events: [FeedEvent] = []
    private var page: [Trade] = []
    private var samplers = (unreadable: LogSampler(every: .seconds(10)), ignored: LogSampler(every: .seconds(60)))

    /// A feed that has not begun.
    /// - Parameter positions: by product, where its trades go on; nil where that isn't known.
    init(_ exchange: any Exchange, positions: [TradePosition?], limits: Limits = Limits(), counts: FeedCounts) {
        self.exchange = exchange
        self.limits = limits
        self.counts = counts
        log = Logger(label: exchange.name)
        products = exchange.products.indices.map { ProductTrades(position: positions[$0]) }
        history = HistoryPlan(interval: exchange.limits.historyInterval)
        connections = products.indices.parts(of: exchange.limits.productsPerConnection).map { numbers in
            FeedConnection(products: numbers, limits: exchange.limits)
        }
    }

    /// How many connections it has.
    var connectionCount: Int { connections.count }

    /// Why not everything flows; nil when it does.
    var problem: String? {
        if refused.count == products.count { return "\(exchange.name) refuses all products" }
        let closed = connections.count { !$0.isOpen }
        if closed == 0 { return nil }
        let reason = lastClose.map { ": \($0)" } ?? ""
        return "\(closed) of \(connections.count) connections to \(exchange.name) are not open\(reason)"
    }

    /// What came was not looked at for a while: the silence of connections says nothing before this.
    mutating func resumed(at now: Duration) {
        for number in connections.indices { connections[number].heard(at: now) }
    }

    /// A connection is open.
    mutating func opened(_ number: Int, at now: Duration) {
        let numbers = connections[number].products
        let parts = numbers.parts(of: exchange.limits.productsPerMessage)
        connections[number].opened(at: now, asking: parts.map(exchange.subscribe))
        refused.subtract(numbers)
        lastClose = nil
        log.info("connected", metadata: ["connection": "\(number)", "products": "\(numbers.count)"])
        advance(at: now)
    }

    /// A connection is closed, or could not be opened.
    /// - Parameters:
    ///   - retryAfter: how long the exchange wants us to wait.
    ///   - random: from 0 to 1.
    mutating func closed(_ number: Int, reason: String, retryAfter: Duration?, at now: Duration, random: Double) {
        counts.disconnects.increment()
        lastClose = reason
        let wait = connections[number].closed(at: now, retryAfter: retryAfter, random: random)
        log.warning(
            "a connection was closed: \(reason); next attempt in \(wait.inSeconds)",
            metadata: ["connection": "\(number)"]
        )
    }

    /// A message came.
    mutating func take(_ message: Span<UInt8>, from number: Int, at now: Duration) {
        connections[number].heard(at: now)
        events.removeAll(keepingCapacity: true)
        do throws(JSONError) {
            try exchange.read(message, into: &events)
        } catch {
            counts.unreadable.increment()
            if let suppressed = samplers.unreadable.pass(at: .now) {
                log.warning("a message could not be read: \(error)", metadata: ["unmentioned": "\(suppressed)"])
            }
        }
        for event in events { take(event, from: number, at: now) }
    }

    /// A page of history came.
    mutating func takeHistory(_ body: Span<UInt8>, of product: Int, at now: Duration, random: Double) {
        page.removeAll(keepingCapacity: true)
        do throws(JSONError) {
            try exchange.readHistory(body, of: product, into: &page)
        } catch {
            return historyFailed(of: product, reason: "\(error)", retryAfter: nil, at: now, random: random)
        }
        var holes: [ProductTrades.Hole] = []
        let trades = page
        let filled = change(product) { product, ready in
            product.takeHistory(trades, at: now, into: &ready, holes: &holes)
        }
        counts.filled.increment(by: filled)
        for hole in holes { lost(hole, of: product, because: "the history lacks them") }
        history.answered(at: now, brought: filled > 0)
    }

    /// There was no good answer to a question for history.
    mutating func historyFailed(
        of product: Int,
        reason: String,
        retryAfter: Duration?,
        at now: Duration,
        random: Double
    ) {
        counts.historyFailures.increment()
        let wait = history.failed(at: now, retryAfter: retryAfter, random: random)
        let name = exchange.products[product].name
        log.warning("no history of \(name): \(reason); next request in \(wait.inSeconds)")
    }

    /// Time has passed: connects, asks, gives up what is due.
    mutating func advance(at now: Duration) {
        for number in connections.indices {
            while let step = connections[number].next(at: now, mayConnect: now >= nextConnect) {
                perform(step, on: number, at: now)
            }
        }
        giveUp(at: now)
        let trades = products
        let product = history.next(at: now) { product in
            trades[product].stuckSince.map { now - $0 >= ProductTrades.reorderDelay } ?? false
        }
        if let product, let position = products[product].position {
            actions.append(.askHistory(product: product, url: exchange.historyURL(of: product, after: position)))
        }
        counts.held.set(heldCount)
        counts.missing.set(history.missing.count)
        counts.open.set(connections.count { $0.isOpen })
        counts.refused.set(refused.count)
    }

    private mutating func perform(_ step: FeedConnection.Step, on number: Int, at now: Duration) {
        switch step {
        case .connect:
            nextConnect = now + exchange.limits.connectInterval
            let url = exchange.feedURL(of: connections[number].products)
            actions.append(.connect(connection: number, url: url))
        case .send(let text): actions.append(.send(connection: number, text: text))
        case .end(let reason):
            log.warning("ending a connection: \(reason)", metadata: ["connection": "\(number)"])
            actions.append(.disconnect(connection: number))
        }
    }

    private mutating func take(_ event: FeedEvent, from number: Int, at now: Duration) {
        switch event {
        case .trade(let trade): take(trade, at: now)
        case .heartbeat(let product, let lastID):
            guard let product, let lastID else { break }
            change(product) { trades, _ in trades.newest(id: lastID, at: now) }
        case .subscribed(let product): refused.remove(product)
        case .refused(let product, let reason):
            if refused.insert(product).inserted {
                log.warning("\(exchange.products[product].name) was refused: \(reason)")
            }
        case .failed(let reason, let endsConnection):
            log.warning("\(exchange.name) says: \(reason)", metadata: ["connection": "\(number)"])
            guard endsConnection else { break }
            connections[number].end()
            actions.append(.disconnect(connection: number))
        case .ignored(let kind):
            counts.ignored.increment()
            if samplers.ignored.pass(at: .now) != nil { log.info("ignoring a message: \(kind)") }
        }
    }

    private mutating func take(_ trade: Trade, at now: Duration) {
        let taken = change(trade.product) { trades, ready in trades.take(trade, at: now, into: &ready) }
        switch taken {
        case .ready, .held, .stray: break
        case .duplicate: counts.duplicates.increment()
        case .restarted:
            log.warning("\(exchange.products[trade.product].name) restarted its trade ids, at \(trade.id)")
        }
        if heldCount > limits.held, let product = history.missing.max(by: { held($0) < held($1) }) {
            giveUp(product, because: "\(heldCount) trades are waiting", at: now)
        }
    }

    /// Changes a product's trades and keeps what is known of all products.
    private mutating func change<Result>(
        _ product: Int,
        _ body: (inout ProductTrades, inout [Trade]) -> Result
    ) -> Result {
        let before = (held: products[product].heldCount, ready: ready.count)
        let wasMissing = products[product].stuckSince != nil
        let result = body(&products[product], &ready)
        heldCount += products[product].heldCount - before.held
        counts.trades.increment(by: ready.count - before.ready)
        let isMissing = products[product].stuckSince != nil
        if isMissing != wasMissing { isMissing ? history.add(product) : history.remove(product) }
        return result
    }

    private func held(_ product: Int) -> Int { products[product].heldCount }

    private mutating func giveUp(at now: Duration) {
        for product in history.missing {
            guard let since = products[product].stuckSince, now - since >= limits.patience,
                history.hadChance(product, since: since)
            else { continue }
            giveUp(product, because: "nothing came for \(limits.patience.inSeconds)", at: now)
        }
    }

    private mutating func giveUp(_ product: Int, because reason: String, at now: Duration) {
        switch change(product, { trades, ready in trades.giveUp(at: now, into: &ready) }) {
        case .hole(let hole): lost(hole, of: product, because: reason)
        case .disbelieved(let trade):
            counts.disbelieved.increment()
            let name = exchange.products[product].name
            log.warning("trade \(trade.id) of \(name) was dropped: the feed went on below that id")
        case nil: break
        }
    }

    private func lost(_ hole: ProductTrades.Hole, of product: Int, because reason: String) {
        counts.lost.increment(by: Int(clamping: hole.count))
        let name = exchange.products[product].name
        log.error("\(hole.count) trades of \(name) from id \(hole.firstID) are lost: \(reason)")
    }
}

extension Range<Int> {
    /// The numbers in order, so many together; the last part may have fewer.
    fileprivate func parts(of size: Int) -> [Range<Int>] {
        let size = Swift.max(1, size)
        return stride(from: lowerBound, to: upperBound, by: size).map { $0..<Swift.min($0 + size, upperBound) }
    }
}
