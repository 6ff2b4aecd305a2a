import NIOCore
import Shared

/// The connections of a group by their numbers. It belongs to the event loop.
final class WebSocketConnections {
    let setup: WebSocketSetup
    let loop: any EventLoop
    /// Whether the inbox has all it may have: nobody reads.
    private(set) var isHeld = false
    private var connections: [Int: WebSocketConnection] = [:]

    init(_ setup: WebSocketSetup, on loop: any EventLoop) {
        (self.setup, self.loop) = (setup, loop)
    }

    func connect(_ number: Int, to url: String) {
        connections[number]?.disconnect(because: "connected again")
        let connection = WebSocketConnection(number, of: self)
        connections[number] = connection
        connection.connect(to: url)
    }

    func send(_ text: String, on number: Int) {
        connections[number]?.send(text)
    }

    func disconnect(_ number: Int) {
        connections[number]?.disconnect(because: "disconnected")
    }

    func close() {
        for connection in connections.values { connection.disconnect(because: "the end") }
    }

    /// The inbox was emptied.
    func readAgain() {
        isHeld = false
        for connection in connections.values { connection.readAgain() }
    }

    /// Adds to the inbox.
    func append<Result>(_ body: (inout FeedBatch) -> Result) -> Result {
        let (result, isFull) = setup.inbox.append(body)
        if isFull { isHeld = true }
        return result
    }

    /// A connection is closed: whatever comes of it now is none of the number's business.
    func forget(_ number: Int) {
        connections[number] = nil
    }
}
