import Shared
import Testing

@testable import Ingestor

@Suite("Retry-After")
struct RetryAfterTests {
    private static let wall = EventTime(milliseconds: 784_111_777_000)  // 1994-11-06T08:49:37Z

    @Test(
        "is read in seconds, milliseconds or as a date, and capped",
        arguments: [
            (["retry-after": "7"], 7.0), (["retry-after": "60"], 60), (["retry-after": "0"], 0),
            (["retry-after": "-5"], 0), (["retry-after": "1.5"], 1.5), (["retry-after": "86400"], 600),
            (["retry-after": "99999999999999999999999"], 600), (["retry-after-ms": "1500", "retry-after": "9"], 1.5),
            (["retry-after-ms": "soon", "retry-after": "9"], 9),
            (["retry-after": "Sun, 06 Nov 1994 08:50:07 GMT"], 30),
            (["retry-after": "Sun, 06 Nov 1994 08:49:07 GMT"], 0),
            (["retry-after": "Sun, 06 Nov 1994 08:50:07 GMT", "date": "Sun, 06 Nov 1994 08:50:00 GMT"], 7),
            (["retry-after": "Sun, 06 Nov 2147483647 08:50:07 GMT"], nil),
            (["retry-after": "Sun, 06 Nov 9999 08:50:07 GMT", "date": "Sun, 06 Nov 2147483647 08:50:07 GMT"], 600),
            (["retry-after": "nan"], nil), (["retry-after": "inf"], nil), (["retry-after": "soon"], nil), ([:], nil),
        ] as [([String: String], Double?)]
    )
    func wait(headers: [String: String], seconds: Double?) {
        let response = HTTPResponse(status: 429, body: [], headers: headers)
        let wait = RetryAfter.wait(in: response, wall: Self.wall, cap: .seconds(600))
        #expect(wait == seconds.map { .seconds($0) })
    }
}
