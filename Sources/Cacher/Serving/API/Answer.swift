import NIOCore
import Shared

/// What a request is answered, made once and sent to everybody who asks the same.
struct Answer: Sendable {
    /// 200, or why not.
    var status: Int
    /// The media type.
    var contentType: String
    /// How long it may be used again, and by whom: the header `Cache-Control`.
    var cacheControl: String
    /// The body.
    var body: ByteBuffer
    /// The body with gzip; nil where that isn't worth it.
    var compressed: ByteBuffer?
    /// Changes with the body: the header `ETag`; nil for answers that nobody keeps.
    var tag: String?

    /// Bodies from this many bytes on are compressed: a smaller one fits into a packet anyway.
    private static let compressedFrom = 1_024

    /// An answer that can be kept.
    init(_ body: UnsafeRawBufferPointer, contentType: String, cacheControl: String) {
        status = 200
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.body = ByteBuffer(bytes: body)
        compressed = body.count < Self.compressedFrom ? nil : Compression.gzip(body).map { ByteBuffer(bytes: $0) }
        tag = Compression.tag(of: body)
    }

    /// An answer in JSON.
    init(_ json: JSONWriter, cacheControl: String) {
        self = json.withUnsafeBytes { bytes in
            Answer(UnsafeRawBufferPointer(bytes), contentType: "application/json", cacheControl: cacheControl)
        }
    }

    /// What a problem is answered.
    init(_ problem: Problem) {
        var json = JSONWriter()
        json.beginObject()
        json.member("type", "about:blank")
        json.member("title", problem.title)
        json.member("status", problem.status)
        json.member("detail", problem.detail)
        json.endObject()
        status = problem.status
        contentType = "application/problem+json"
        cacheControl = "no-store"
        body = json.withUnsafeBytes { ByteBuffer(bytes: $0) }
    }
}
