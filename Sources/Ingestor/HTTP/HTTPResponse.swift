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

    /// The start of the body as text on one line, for a log: at most 160 characters.
    var excerpt: String { Excerpt.text(body) }
}
