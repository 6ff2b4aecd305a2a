import Shared
import Synchronization
import TestSupport

@testable import Ingestor

/// An exchange that trades and gets into every trouble there is; a seed decides when. ``MarketServer`` gives it sockets.
final class ScriptedMarket: Sendable {
    /// What happens to a connection, each counted.
    private enum Trouble: String, CaseIterable {
        case cutInFrame, silence, close, complaint, hugeMessage, compressedBomb, novelty, unreadable
    }

    private struct State {
        var random: TestSupport.SplitMix64
        var isTroubled: Bool
        var made: [String: [MadeTrade]] = [:]
        var delisted: Set<String> = []
        /// By the place of a connection: how many of its texts were answered, what it is sent, and what is late.
        var answered: [Int: Int] = [:]
        var subscribed: [Int: Set<String>] = [:]
        var late: [Int: String] = [:]
        var troubles: [String: Int] = [:]
        var turns = 0
    }

    /// What it says.
    let words: any ExchangeWords
    /// How far its clock is ahead of ours.
    private let clockOffset: Duration
    private let state: Mutex<State>

    /// - Parameter isTroubled: whether anything goes wrong.
    init(_ words: any ExchangeWords, seed: UInt64, clockOffset: Duration, isTroubled: Bool) {
        self.words = words
        self.clockOffset = clockOffset
        state = Mutex(State(random: TestSupport.SplitMix64(seed: seed), isTroubled: isTroubled))
    }

    /// All trades so far, by the exchange's names of the products.
    var made: [String: [MadeTrade]] { state.withLock { $0.made } }
    /// How often each trouble came.
    var troubles: [String: Int] { state.withLock { $0.troubles } }

    /// How many turns it has made.
    var turns: Int { state.withLock { $0.turns } }

    /// Nothing goes wrong from now on.
    /// - Returns: by product that is still traded, the id of the last trade up to now.
    func calm() -> [String: Int64] {
        state.withLock { state in
            state.isTroubled = false
            return state.made.filter { !state.delisted.contains($0.key) }.compactMapValues(\.last?.id)
        }
    }

    /// A product is no longer traded.
    func delist(_ product: String, telling peers: [WebSocketPeer]) {
        state.withLock { state in
            state.delisted.insert(product)
            guard let refusal = words.refusal(of: product) else { return }
            for peer in peers { peer.send(refusal) }
        }
    }

    /// What becomes of a client that wants to connect.
    func opening() -> WebSocketServer.Opening {
        state.withLock { state in
            guard state.isTroubled else { return .accept() }
            switch state.random.next() % 12 {
            case 0:
                return Self.count(
                    "handshake 429",
                    .refuse(429, headers: ["Retry-After": "1"], body: "slow down"),
                    &state
                )
            case 1: return Self.count("handshake 503", .refuse(503, body: "<html>busy</html>"), &state)
            case 2: return Self.count("handshake unanswered", .silence, &state)
            default: return .accept()
            }
        }
    }

    /// A page of the history, or what comes instead.
    func page(_ request: HTTPFixtureServer.Request) -> HTTPFixtureServer.Answer {
        state.withLock { state in
            let page = words.page(request) { state.made[$0] ?? [] }
            guard state.isTroubled else { return .init(200, page) }
            switch state.random.next() % 12 {
            case 0: return Self.count("history 429", .init(429, "slow down", headers: ["Retry-After": "1"]), &state)
            case 1: return Self.count("history 500", .init(500, "<html>busy</html>"), &state)
            case 2: return Self.count("history cut", .init(200, String(page.dropLast(page.count / 3 + 1))), &state)
            case 3: return Self.count("history error", .init(200, #"{"error":["EService:Unavailable"]}"#), &state)
            default: return .init(200, page)
            }
        }
    }

    /// One turn: answers what was asked, trades, tells, breaks.
    func turn(_ peers: [WebSocketPeer]) {
        state.withLock { state in
            state.turns += 1
            for (number, peer) in peers.enumerated() where peer.isConnected { answer(peer, number, &state) }
            for product in words.products where !state.delisted.contains(product) {
                if state.random.chance(1, in: 3) { trade(product, peers, &state) }
            }
            for (number, peer) in peers.enumerated() where peer.isConnected {
                if state.turns % 50 == 0 { beat(peer, number, state) }
                if state.isTroubled { trouble(peer, number, &state) }
            }
        }
    }

    private func answer(_ peer: WebSocketPeer, _ number: Int, _ state: inout State) {
        for text in peer.texts.dropFirst(state.answered[number] ?? 0) {
            let (products, replies) = words.answer(to: text, delisted: state.delisted)
            state.answered[number, default: 0] += 1
            state.subscribed[number, default: []].formUnion(products)
            for reply in replies { peer.send(reply) }
        }
    }

    private func beat(_ peer: WebSocketPeer, _ number: Int, _ state: State) {
        for product in state.subscribed[number] ?? [] {
            if let beat = words.heartbeat(product, lastID: state.made[product]?.last?.id ?? 0) { peer.send(beat) }
        }
    }

    private func trade(_ product: String, _ peers: [WebSocketPeer], _ state: inout State) {
        let last = state.made[product]?.last
        let now = EventTime.now().microseconds + clockOffset.wholeMicroseconds
        let cents = state.random.next() % 10_000_000
        let trade = MadeTrade(
            product: product,
            id: (last?.id ?? 5_000_000) + 1,
            price: "\(1 + cents / 100).\(cents % 100 / 10)\(cents % 10)",
            size: "0.\(10_000_000 + state.random.next() % 80_000_000)",
            takerBuys: state.random.chance(1, in: 2),
            microseconds: max(now, (last?.microseconds ?? 0) + 1)
        )
        state.made[product, default: []].append(trade)
        let message = words.message(trade)
        for (number, peer) in peers.enumerated()
        where peer.isConnected && state.subscribed[number]?.contains(product) == true {
            tell(message, peer, number, &state)
        }
    }

    /// Tells of a trade, or not, or twice, or late.
    private func tell(_ message: String, _ peer: WebSocketPeer, _ number: Int, _ state: inout State) {
        let late = state.late.removeValue(forKey: number)
        switch state.isTroubled ? state.random.next() % 60 : 59 {
        case 0: state.troubles["untold", default: 0] += 1
        case 1:
            state.troubles["late", default: 0] += 1
            state.late[number] = message
        case 2:
            state.troubles["twice", default: 0] += 1
            for _ in 0..<2 { peer.send(message) }
        default: peer.send(message)
        }
        if let late { peer.send(late) }
    }

    private func trouble(_ peer: WebSocketPeer, _ number: Int, _ state: inout State) {
        guard state.random.chance(1, in: 150), let last = state.made[words.products[0]]?.last else { return }
        let kinds: [Trouble] = Trouble.allCases + [.novelty, .novelty, .unreadable, .unreadable]
        let kind = state.random.pick(kinds)
        state.troubles[kind.rawValue, default: 0] += 1
        switch kind {
        case .cutInFrame: peer.cutInFrame(words.message(last))
        case .silence: peer.goSilent()
        case .close: peer.close(1012, "restart")
        case .complaint: peer.send(words.complaint)
        case .hugeMessage:
            peer.send(bytes: ServerFrame.bytes(1, [UInt8](repeating: 0x61, count: 4_096), claimed: 10_000_000))
        case .compressedBomb: peer.send(bytes: ServerFrame.bytes(1, [UInt8](repeating: 0, count: 500), reserved: 0x40))
        case .novelty:
            peer.send(#"{"channel":"novelty","type":"novelty","e":"novelty","stream":"x","data":{"e":"novelty"}}"#)
        case .unreadable: peer.send(String(words.message(last).dropLast(20)))
        }
    }

    private static func count<Result>(_ trouble: String, _ result: Result, _ state: inout State) -> Result {
        state.troubles[trouble, default: 0] += 1
        return result
    }
}
