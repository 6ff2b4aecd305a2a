/// Why a request isn't answered with what it asked for: RFC 9457's problem details, of the type `about:blank`.
struct Problem: Error, Hashable {
    /// The HTTP status.
    var status: Int
    /// What is wrong with this very request, for people.
    var detail: String

    /// A problem.
    init(_ status: Int, _ detail: String) {
        self.status = status
        self.detail = detail
    }

    /// Redis is away, or takes too long.
    static func unavailable(_ detail: String) -> Problem {
        Problem(503, detail)
    }

    /// What HTTP calls the status.
    var title: String {
        switch status {
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 431: "Request Header Fields Too Large"
        case 503: "Service Unavailable"
        default: "Error"
        }
    }
}
