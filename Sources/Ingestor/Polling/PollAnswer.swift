import Shared

/// What an HTTP answer to a poll means. Everything is classified here, by ``PriceVendor/failure(_:at:)``, and nowhere else.
enum PollAnswer: Sendable {
    /// Prices.
    case page(PolledPage)
    /// The page is the one that the request's `If-None-Match` named.
    case notModified
    /// Something else.
    case failure(PriceFailure)

    /// Reads an answer. A page is an array; an object under status 200 is an error all the same.
    /// - Parameters:
    ///   - response: the answer.
    ///   - request: what was asked.
    ///   - vendor: who answered.
    ///   - wall: the time now.
    init(_ response: HTTPResponse, to request: PollRequest, of vendor: any PriceVendor, at wall: EventTime) {
        if response.status == 304 {
            self = .notModified
            return
        }
        let body = response.body.span
        guard response.status == 200, Self.firstByte(of: body) == UInt8(ascii: "[") else {
            self = .failure(vendor.failure(response, at: wall))
            return
        }
        do {
            self = .page(try vendor.page(body, of: request))
        } catch {
            self = .failure(
                PriceFailure(vendor: vendor.name, kind: .unavailable, status: 200, message: "not a page: \(error)")
            )
        }
    }

    /// The first byte that isn't white space.
    static func firstByte(of body: Span<UInt8>) -> UInt8? {
        for index in body.indices where body[index] > 0x20 {
            return body[index]
        }
        return nil
    }
}
