/// What a server answered.
struct HTTPResponse: Sendable {
    /// The status code, for example 200.
    var status: Int
    /// The body after decompression.
    var body: [UInt8]
    /// The last value of each header, by its name in lower case.
    var headers: [String: String]

    /// The value of a header, whatever its case.
    subscript(header name: String) -> String? {
        headers[name.lowercased()]
    }

    /// The `ETag`, when it may be sent back: visible characters, and not so many that they fill a request.
    var etag: String? {
        self[header: "etag"].flatMap { text in
            text.utf8.count <= 1_024 && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } ? text : nil
        }
    }

    /// The start of the body as text on one line, for a log: at most 160 characters.
    var excerpt: String { Excerpt.text(body) }
}
