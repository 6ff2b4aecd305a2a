import Dispatch
import NIOSSL

/// What the connections of a group have in common.
struct WebSocketSetup: Sendable {
    let limits: WebSocketGroup.Limits
    let userAgent: String
    let proxies: WebSocketProxies
    let tls: NIOSSLContext
    /// Where names are looked up, one after the other.
    let lookups: DispatchQueue
    let inbox: FeedInbox
}
