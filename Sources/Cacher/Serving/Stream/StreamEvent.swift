import NIOCore
import Shared

/// An update with its number, as it is sent.
final class StreamEvent {
    /// Its place in the order of all.
    let number: UInt64
    /// What it is.
    let kind: StreamKind
    /// Whose it is.
    let coin: CoinKey
    /// Its text; empty once there is a newer one.
    private(set) var bytes: ByteBuffer
    /// Whether it is the newest of its coin and kind; always, if it is an alert.
    private(set) var isCurrent = true

    init(_ update: StreamUpdate, id: StreamID) {
        (number, kind, coin) = (id.number, update.kind, update.coin)
        let id = id.description
        bytes = ByteBuffer()
        bytes.reserveCapacity(update.data.count + id.utf8.count + 32)
        bytes.writeString("id: \(id)\nevent: \(kind.rawValue)\ndata: ")
        bytes.writeBytes(update.data)
        bytes.writeString("\n\n")
    }

    /// Lets its text go: there is a newer one.
    func retire() {
        isCurrent = false
        bytes = ByteBuffer()
    }
}
