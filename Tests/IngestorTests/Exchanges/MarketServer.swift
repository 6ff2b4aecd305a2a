import Dispatch
import Shared
import TestSupport

@testable import Ingestor

/// A ``ScriptedMarket`` on loopback: its feed, its history, and a thread that makes its turns.
final class MarketServer: Sendable {
    let market: ScriptedMarket
    private let feed: WebSocketServer
    private let history: HTTPFixtureServer
    private let stop = StopSignal()
    private let ended = DispatchSemaphore(value: 0)
    private let scheme: String

    /// Starts it.
    /// - Parameter certificates: with them the feed speaks TLS.
    init(_ market: ScriptedMarket, certificates: TestCertificates? = nil) async throws {
        self.market = market
        scheme = certificates == nil ? "ws" : "wss"
        feed = try WebSocketServer(certificates: certificates) { _, _ in market.opening() }
        history = try await HTTPFixtureServer { request, _ in market.page(request) }
        try DedicatedThread.start(name: "market") { [self] in
            while !stop.sleep(for: .milliseconds(2)) { market.turn(feed.peers) }
            ended.signal()
        }
    }

    /// The settings that lead an Ingestor here.
    var environment: [String: String] {
        let name = market.words.name.rawValue
        let prefix = name.uppercased()
        return [
            "INGESTOR_SOURCE": name, "INGESTOR_PRODUCTS": market.words.products.joined(separator: ","),
            "\(prefix)_FEED_URL": "\(scheme)://localhost:\(feed.port)",
            "\(prefix)_REST_URL": history.url,
        ]
    }

    /// A product is no longer traded, and those who listen are told.
    func delist(_ product: String) {
        market.delist(product, telling: feed.peers.filter(\.isConnected))
    }

    /// Cuts every connection.
    func cut() {
        for peer in feed.peers where peer.isConnected { peer.cut() }
    }

    /// Ends it.
    func end() async {
        stop.request()
        ended.wait()
        feed.stop()
        await history.stop()
    }
}
