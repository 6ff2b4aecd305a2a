import NIOCore
import NIOHTTP1

/// An answer that isn't the one asked for, and the start of the page that may say why.
struct HTTPRefusal {
    /// Bytes of the page that are looked at.
    private static let bodyBytes = 640

    private let head: HTTPResponseHead
    private let expected: Int
    private var body: [UInt8] = []

    init(_ head: HTTPResponseHead) {
        self.head = head
        let length = head.headers.first(name: "content-length").flatMap { Int($0) }
        expected = min(Self.bodyBytes, length.map { max(0, $0) } ?? .max)
    }

    /// Whether more of the page isn't needed.
    var isComplete: Bool { body.count >= expected }

    /// Reads on.
    mutating func read(_ buffer: inout ByteBuffer) {
        body += buffer.readBytes(length: min(buffer.readableBytes, expected - body.count)) ?? []
    }

    /// The answer, with as much of its page as has come.
    var response: HTTPResponse {
        var headers: [String: String] = [:]
        for (name, value) in head.headers { headers[name.lowercased()] = value }
        // In front of a chunk there is a line with its length.
        let isChunked = headers["transfer-encoding"]?.lowercased() == "chunked"
        let page = isChunked ? Array(body.drop { $0 != 10 }) : body
        return HTTPResponse(status: Int(head.status.code), body: page, headers: headers)
    }
}
