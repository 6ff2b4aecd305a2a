import Shared
import TestSupport

@testable import Ingestor

/// The other side of a feed in one value: an exchange that trades, connections that break, a history that fails; time is
/// counted, not waited for.
struct TroubledMarket {
    private enum Line {
        case closed
        case connecting(until: Duration)
        /// Open; the products that were asked for.
        case open([Int])
        /// Open, but nothing comes any more and nobody says so.
        case halfOpen
    }

    var feed: ExchangeFeed
    var now = Duration.zero
    /// By product, the last trade that the exchange has made.
    private(set) var last: [Int64]
    /// What the feed handed on, by product.
    private(set) var sent: [[Int64]]
    private var random: TestSupport.SplitMix64
    private var lines: [Line]
    private var late: [(product: Int, id: Int64, due: Duration)] = []
    private var question: (product: Int, after: Int64, due: Duration)?
    /// Whether anything breaks.
    var isTroubled = true

    init(_ exchange: ScriptedExchange, seed: UInt64, limits: ExchangeFeed.Limits = .init()) {
        let counts = FeedCounts(exchange: "scripted", registry: PrometheusRegistry())
        let nothing = [TradePosition?](repeating: nil, count: exchange.products.count)
        feed = ExchangeFeed(exchange, positions: nothing, limits: limits, counts: counts)
        random = TestSupport.SplitMix64(seed: seed)
        last = Array(repeating: 1_000, count: exchange.products.count)
        sent = Array(repeating: [], count: exchange.products.count)
        lines = Array(repeating: .closed, count: feed.connectionCount)
    }

    /// 10 ms of the market.
    mutating func step() {
        now += .milliseconds(10)
        trade()
        break_()
        answerHistory()
        feed.advance(at: now)
        perform()
        for trade in feed.ready { sent[trade.product].append(trade.id) }
        feed.ready = []
    }

    /// A new trade now and then, told by an open connection, or late, or twice, or not at all.
    private mutating func trade() {
        for product in last.indices where random.chance(1, in: 4) {
            last[product] += 1
            guard case .open(let asked) = lines[product / 2], asked.contains(product) else { continue }
            let id = last[product]
            switch isTroubled ? random.next() % 50 : 49 {
            case 0: break
            case 1: late.append((product, id, now + .milliseconds(50)))
            case 2: for _ in 0..<2 { tell(#"{"p":\#(product),"id":\#(id)}"#, product / 2) }
            case 3: tell(#"{"p":\#(product),"last":\#(id)}"#, product / 2)
            case 4: tell(#"{"p":\#(product),"id""#, product / 2)
            case 5: tell(#"{"kind":"news","p":\#(product)}"#, product / 2)
            default: tell(#"{"p":\#(product),"id":\#(id)}"#, product / 2)
            }
        }
        for (product, id, _) in late where late[0].due <= now {
            if case .open = lines[product / 2] { tell(#"{"p":\#(product),"id":\#(id)}"#, product / 2) }
        }
        late.removeAll { $0.due <= now }
    }

    private mutating func break_() {
        for number in lines.indices {
            switch lines[number] {
            case .connecting(let until) where until <= now:
                if isTroubled, random.chance(1, in: 4) {
                    close(number, "429 Too Many Requests", retryAfter: .seconds(2))
                } else {
                    lines[number] = .open([])
                    feed.opened(number, at: now)
                }
            case .open where isTroubled && random.chance(1, in: 1_500):
                if random.chance(1, in: 3) { lines[number] = .halfOpen } else { close(number, "cut", retryAfter: nil) }
            case .open where isTroubled && random.chance(1, in: 6_000):
                tell(#"{"failed":"going down"}"#, number)
            default: break
            }
        }
    }

    private mutating func answerHistory() {
        guard let (product, after, due) = question, due <= now else { return }
        question = nil
        if isTroubled, random.chance(1, in: 5) {
            feed.historyFailed(of: product, reason: "503", retryAfter: nil, at: now, random: 0)
        } else if isTroubled, random.chance(1, in: 10) {
            feed.takeHistory(Array(#"{"error":"busy"}"#.utf8).span, of: product, at: now, random: 0)
        } else {
            let ids = (after + 1..<after + 101).filter { $0 <= last[product] }
            feed.takeHistory(Array("\(ids)".utf8).span, of: product, at: now, random: 0)
        }
    }

    private mutating func perform() {
        let actions = feed.actions
        feed.actions = []
        for action in actions {
            switch action {
            case .connect(let number, _): lines[number] = .connecting(until: now + .milliseconds(30))
            case .send(let number, let text):
                guard case .open(let asked) = lines[number], let product = Int(text.dropFirst(10)) else { break }
                lines[number] = .open(asked + [product])
                tell(#"{"ok":\#(product)}"#, number)
            case .disconnect(let number): close(number, "ended by us", retryAfter: nil)
            case .askHistory(let product, let url):
                let after = url.split(separator: "/").last.flatMap { Int64($0) } ?? 0
                question = (product, after, now + .milliseconds(80))
            }
        }
    }

    private mutating func tell(_ message: String, _ number: Int) {
        feed.take(Array(message.utf8).span, from: number, at: now)
    }

    private mutating func close(_ number: Int, _ reason: String, retryAfter: Duration?) {
        if case .closed = lines[number] { return }
        lines[number] = .closed
        feed.closed(number, reason: reason, retryAfter: retryAfter, at: now, random: 0)
    }
}
