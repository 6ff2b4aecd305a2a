import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("Answers about history")
struct HistoryAnswerTests {
    private func read(_ text: String) throws(JSONError) -> HistoryAnswer {
        let bytes = Array(text.utf8)
        return try HistoryAnswer(json: bytes.span)
    }

    @Test("prices, capitalisation and volume meet by their times, digit for digit and in order")
    func whole() throws {
        let answer = try read(
            """
            {"prices":[[1711929600000,69702.3087473573],[1711843200000,8.08e-06],[1711929600000,1]],
             "market_caps":[[1711843200000,1370247487960.09]],"total_volumes":[[1711929600000,16408802301.84]],"x":{}}
            """
        )
        #expect(answer.points.map(\.time.description) == ["2024-03-31T00:00:00.000Z", "2024-04-01T00:00:00.000Z"])
        #expect(answer.points.map(\.price.description) == ["0.00000808", "69702.3087473573"])
        #expect(answer.points[0].marketCap?.description == "1370247487960.09")
        #expect(answer.points[0].totalVolume == nil)
        #expect(answer.points[1].totalVolume?.description == "16408802301.84")
        #expect(answer.skipped == 0)
    }

    @Test("a pair that makes no sense costs itself only")
    func pairs() throws {
        let answer = try read(
            #"{"prices":[[1,null],[null,1],[1],[],7,"x",[1e30,1],[2000,-1],[3000,1,2],[1,1e30],[4000.0,2]]}"#
        )
        #expect(answer.points.map(\.time.milliseconds) == [3_000, 4_000])
        #expect(answer.skipped == 9)
    }

    @Test("what is no such answer is none", arguments: ["", "[]", "{}", #"{"prices":[[1,2]"#, #"{"error":"x"}"#])
    func none(text: String) {
        #expect(throws: JSONError.self) { try read(text) }
    }
}
