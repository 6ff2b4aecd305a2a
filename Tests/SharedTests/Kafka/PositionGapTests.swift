import Shared
import Testing

@Suite("A position that the broker doesn't have")
struct PositionGapTests {
    private func gap(at position: Int64) -> PositionGap? {
        let partition = TopicPartition(topic: "t", partition: 0)
        return PositionGap(partition: partition, position: position, available: 5..<10, setting: "TEST_ON_GAP")
    }

    @Test(
        "is before the earliest record or behind the end",
        arguments: [(4, true), (5, false), (9, false), (10, false), (11, true)]
    )
    func bounds(position: Int64, isGap: Bool) {
        #expect((gap(at: position) != nil) == isGap)
    }

    @Test("is an error that says what is lost, and which setting goes on without it")
    func words() throws {
        let lost = try #require(gap(at: 2))
        #expect(lost.lost == 3 && lost.disposition == .fatal)
        #expect(
            lost.description == """
                t[0]: the position is offset 2, the broker has 5 to 10: 3 records were deleted by the broker before they were \
                read; set TEST_ON_GAP=continue to go on from 5
                """
        )
        let new = try #require(gap(at: 11))
        #expect(new.lost == 0 && new.description.contains("the topic was deleted and created again"))
    }
}
