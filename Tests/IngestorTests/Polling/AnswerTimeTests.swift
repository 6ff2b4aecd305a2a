import Shared
import Testing

@testable import Ingestor

@Suite("Time of an answer")
struct AnswerTimeTests {
    private let wall = EventTime(milliseconds: 1_779_108_600_000)

    private func seconds(_ offset: Int64) -> EventTime {
        EventTime(microseconds: wall.microseconds + offset * 1_000_000)
    }

    @Test("a Date counts when this machine's clock agrees roughly", arguments: [-900, -899, -1, 0, 1, 30] as [Int64])
    func believed(offset: Int64) {
        let time = AnswerTime(date: seconds(offset), wall: wall, tolerance: .seconds(30))
        #expect(time.isDateBelieved)
        #expect(time.time == seconds(offset))
        #expect(time.latest == seconds(offset + 30))
    }

    @Test(
        "a Date that can't be right doesn't count",
        arguments: [-901, 31, 86_400, 2_300_000_000, -1_779_108_600] as [Int64]
    )
    func disbelieved(offset: Int64) {
        let time = AnswerTime(date: seconds(offset), wall: wall, tolerance: .seconds(30))
        #expect(!time.isDateBelieved)
        #expect(time.time == wall)
        #expect(time.latest == seconds(30))
    }

    @Test("without a Date this machine's clock counts, and nothing is wrong")
    func none() {
        let time = AnswerTime(date: nil, wall: wall, tolerance: .zero)
        #expect(time.isDateBelieved)
        #expect(time.time == wall && time.latest == wall)
    }
}
