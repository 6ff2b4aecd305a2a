import Shared

/// The last answer to a request for a page, as `ingestor.state` keeps it: what an answer of 304 stands for.
struct PageMemory: StateValue {
    /// What the next request's `If-None-Match` says.
    var etag: String?
    /// Whether it held nothing.
    var isEmpty: Bool
    /// The newest `last_updated` on it.
    var newest: EventTime?
    /// When it was answered last.
    var answered: EventTime

    /// An answer.
    init(etag: String?, isEmpty: Bool, newest: EventTime?, answered: EventTime) {
        self.etag = etag
        self.isEmpty = isEmpty
        self.newest = newest
        self.answered = answered
    }

    init(json: Span<UInt8>) throws(JSONError) {
        var (etag, isEmpty, newest, answered): (String?, Bool, EventTime?, EventTime?) = (nil, false, nil, nil)
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "etag": etag = try scanner.string()
            case "empty": isEmpty = try scanner.bool()
            case "newest": newest = try scanner.eventTime()
            case "answered": answered = try scanner.eventTime()
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        guard let answered else { throw JSONError(.missingField("answered"), at: 0) }
        // Whoever wrote it, it goes into a header.
        let usable = etag.flatMap { HTTPResponse(status: 200, body: [], headers: ["etag": $0]).etag }
        self.init(etag: usable, isEmpty: isEmpty, newest: newest, answered: answered)
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        if let etag { writer.member("etag", etag) }
        writer.member("empty", isEmpty)
        writer.member("newest", newest)
        writer.member("answered", answered)
        writer.endObject()
    }
}
