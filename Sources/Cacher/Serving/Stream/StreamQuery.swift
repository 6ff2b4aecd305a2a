import Shared

/// What a reader of `/v1/stream` wants.
struct StreamQuery: Hashable {
    /// What is sent to it.
    var filter: StreamFilter
    /// The last event it got before its connection broke, if so.
    var lastEventID: StreamID?
    /// Whether it named one that can't be gone on from.
    var hasUnknownID = false

    /// Reads the parameters.
    /// - Parameter header: the header `Last-Event-ID`, which browsers send when they come again.
    init(_ query: QueryParameters, lastEventID header: String?) throws(Problem) {
        var query = query
        let given = try query.take("last_event_id")
        filter = StreamFilter(
            vs: ByteText(try query.currency()),
            coins: try query.coins(),
            kinds: try query.choices("kinds", of: StreamKind.self)
        )
        try query.end()
        if let text = header ?? given {
            lastEventID = StreamID(text)
            hasUnknownID = lastEventID == nil
        }
    }
}
