import Shared
import Testing

@testable import Ingestor

@Suite("Gaps of the polls")
struct GapWatchTests {
    private func at(_ seconds: Int64) -> EventTime {
        EventTime(microseconds: seconds * 1_000_000)
    }

    @Test("a gap is told once for all pages, and one that is short is none")
    func table() {
        var watch = GapWatch()
        let interval = Duration.seconds(60)
        #expect(watch.answered(at: at(1_000), before: nil, interval: interval) == nil, "the first answer ever")
        #expect(watch.answered(at: at(1_060), before: at(1_000), interval: interval) == nil)
        #expect(watch.answered(at: at(1_899), before: at(1_000), interval: interval) == nil)
        for _ in 0..<2 {
            #expect(watch.answered(at: at(1_900), before: at(1_000), interval: interval) == at(1_000)..<at(1_900))
        }
        watch.told(at: at(1_900))
        #expect(watch.answered(at: at(1_901), before: at(990), interval: interval) == nil, "another page, the same gap")
        #expect(
            watch.answered(at: at(4_000), before: at(990), interval: interval) == at(1_900)..<at(4_000),
            "it goes on"
        )
        #expect(watch.answered(at: at(5_000), before: at(1_901), interval: interval) == at(1_901)..<at(5_000))
        #expect(watch.answered(at: at(4_000), before: at(5_000), interval: interval) == nil, "a clock that went back")
    }

    @Test("where polls are rare, what is usual between them is no gap")
    func rare() {
        let watch = GapWatch()
        #expect(watch.answered(at: at(2_000), before: at(0), interval: .seconds(1_000)) == nil)
        #expect(watch.answered(at: at(5_000), before: at(2_000), interval: .seconds(1_000)) == at(2_000)..<at(5_000))
    }

    @Test("what a process before this one has noticed is no gap again; a clock that was ahead hides none")
    func known() {
        let watch = GapWatch(known: at(3_000))
        #expect(watch.answered(at: at(3_100), before: at(1_000), interval: .seconds(60)) == nil)
        #expect(watch.answered(at: at(4_000), before: at(1_000), interval: .seconds(60)) == at(3_000)..<at(4_000))
        #expect(watch.answered(at: at(2_900), before: at(1_000), interval: .seconds(60)) == at(1_000)..<at(2_900))
    }
}
