import Shared
import TestSupport
import Testing

@testable import Ingestor

/// A group of connections with everything that has come of them.
final class WebSocketClient {
    /// What happened to one connection.
    enum Event: Hashable {
        case opened
        case message(String)
        case closed(String, retryAfter: Duration?)
    }

    let group: WebSocketGroup
    let inbox: FeedInbox
    private var batch = FeedBatch()
    private(set) var events: [Int: [Event]] = [:]
    /// The most that was taken at once, in bytes.
    private(set) var largestBatch = 0

    /// - Parameter environment: without proxies unless some are named.
    init(
        limits: WebSocketGroup.Limits = .patient,
        certificates: WebSocketGroup.Certificates = .system,
        environment: [String: String] = [:],
        inboxBytes: Int = 8 << 20
    ) throws {
        inbox = FeedInbox(limitBytes: inboxBytes)
        group = try WebSocketGroup(
            limits: limits,
            certificates: certificates,
            userAgent: "tickline-test/1",
            environment: environment,
            inbox: inbox
        )
    }

    deinit {
        group.close()
    }

    /// Takes what comes until something holds, for at most two minutes.
    func wait(_ what: Comment, until condition: () throws -> Bool) rethrows {
        let deadline = ContinuousClock.now + .seconds(120)
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record("not within two minutes: \(what); \(events)")
                return
            }
            take(waiting: .milliseconds(20))
        }
    }

    /// Takes what has come.
    func take(waiting: Duration = .zero) {
        inbox.take(into: &batch, waiting: waiting)
        largestBatch = max(largestBatch, batch.size)
        for entry in batch.entries {
            let event: Event =
                switch entry.kind {
                case .opened: .opened
                case .message(let range): .message(String(decoding: batch.bytes[range], as: UTF8.self))
                case .closed(let reason, let retryAfter): .closed(reason, retryAfter: retryAfter)
                }
            events[entry.connection, default: []].append(event)
        }
    }

    /// The messages of a connection.
    func messages(_ number: Int = 0) -> [String] {
        events[number, default: []].compactMap { event in
            if case .message(let text) = event { text } else { nil }
        }
    }

    /// Why a connection closed, as often as it did.
    func reasons(_ number: Int = 0) -> [String] {
        events[number, default: []].compactMap { event in
            if case .closed(let reason, _) = event { reason } else { nil }
        }
    }

    /// Whether a connection is open.
    func isOpen(_ number: Int = 0) -> Bool {
        switch events[number]?.last {
        case .opened, .message: true
        case .closed, nil: false
        }
    }
}

extension WebSocketGroup.Limits {
    /// Times that a busy machine keeps, too.
    static let patient = WebSocketGroup.Limits(
        handshakeTimeout: .seconds(60),
        pingInterval: .milliseconds(200),
        pongTimeout: .seconds(60)
    )

    /// Times after which much is given up, on a busy machine nearly all.
    static let hasty = WebSocketGroup.Limits(
        handshakeTimeout: .milliseconds(300),
        pingInterval: .milliseconds(200),
        pongTimeout: .milliseconds(200),
        closeTimeout: .milliseconds(200)
    )
}
