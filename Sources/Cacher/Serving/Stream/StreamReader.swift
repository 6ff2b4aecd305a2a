import NIOCore

/// One reader of a stream. It belongs to the event loop.
final class StreamReader {
    /// Which updates it gets.
    let filter: StreamFilter
    /// The number of the last event it got, when there are later ones for it: it takes what is sent more slowly than it
    /// comes. nil while it has everything.
    var lastNumber: UInt64?
    /// Since when it has not taken everything.
    var behindSince: NIODeadline?
    /// Why it must read everything again, which it has not been told yet.
    var pendingReset: String?
    /// Sends a chunk, with its frame.
    let send: (ByteBuffer) -> Void
    /// Whether it takes more.
    let isWritable: () -> Bool
    /// Ends it.
    let close: () -> Void

    /// A reader that has everything.
    init(
        filter: StreamFilter,
        send: @escaping (ByteBuffer) -> Void,
        isWritable: @escaping () -> Bool,
        close: @escaping () -> Void
    ) {
        (self.filter, self.send, self.isWritable, self.close) = (filter, send, isWritable, close)
    }
}
