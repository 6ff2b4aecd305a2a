import Testing

@testable import Ingestor

@Suite("Freshness of an answer")
struct FreshnessTests {
    @Test(
        "max-age less Age, and nothing where nothing is said",
        arguments: [
            (["cache-control": "public, max-age=30"], 30), (["cache-control": "public, max-age=30", "age": "12"], 18),
            (["cache-control": "max-age=30", "age": "31"], 0), (["cache-control": "Max-Age=\"45\""], 45),
            (["cache-control": "max-age=30, no-cache"], 0), (["cache-control": "no-store"], 0), ([:], 0),
            (["cache-control": "max-age=-5"], 0), (["cache-control": "max-age=many"], 0),
            (["cache-control": "s-maxage=90"], 0), (["cache-control": "max-age=30", "age": "-7"], 30),
            (["cache-control": "max-age=99999999999999999999"], 0), (["cache-control": "max-age=9999999"], 3_600),
        ] as [([String: String], Int)]
    )
    func table(headers: [String: String], seconds: Int) {
        #expect(Freshness.left(of: HTTPResponse(status: 200, body: [], headers: headers)) == .seconds(seconds))
    }
}
