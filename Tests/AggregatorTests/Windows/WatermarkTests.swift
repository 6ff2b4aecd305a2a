import Shared
import Testing

@testable import Aggregator

/// The watermark, as a table.
@Suite("Watermark") struct WatermarkTests {
    private static let second: Int64 = 1_000_000

    @Test("It stays behind the largest event time, and older ticks don't move it back")
    func follows() {
        var mark = Watermark(outOfOrderness: 10 * Self.second)
        #expect(mark.value == nil)
        var moved = mark.observe(EventTime(microseconds: 100 * Self.second), at: 0)
        #expect(moved)
        #expect(mark.value == EventTime(microseconds: 90 * Self.second))
        moved = mark.observe(EventTime(microseconds: 95 * Self.second), at: 1)
        #expect(!moved)
        #expect(mark.value == EventTime(microseconds: 90 * Self.second))
    }

    @Test("Quiet, it goes on at the pace of the clock, and the feed's usual delay is kept")
    func quiet() {
        var mark = Watermark(outOfOrderness: 10 * Self.second)
        _ = mark.observe(EventTime(microseconds: 100 * Self.second), at: 1_000 * Self.second)
        let moved = mark.advance(to: 1_060 * Self.second)
        #expect(moved)
        #expect(mark.value == EventTime(microseconds: 150 * Self.second))
        // The next poll of a feed that is always as late as before: its ticks are exactly on time.
        _ = mark.observe(EventTime(microseconds: 160 * Self.second), at: 1_060 * Self.second)
        #expect(mark.value == EventTime(microseconds: 150 * Self.second))
    }

    @Test("It never moves back: not when a poll is later than usual, not when the clock goes back")
    func neverBack() {
        var mark = Watermark(outOfOrderness: 0)
        _ = mark.observe(EventTime(microseconds: 100 * Self.second), at: 0)
        _ = mark.advance(to: 60 * Self.second)
        var moved = mark.observe(EventTime(microseconds: 130 * Self.second), at: 61 * Self.second)
        #expect(!moved)
        #expect(mark.value == EventTime(microseconds: 160 * Self.second))
        moved = mark.advance(to: 50 * Self.second)
        #expect(!moved)
        #expect(mark.value == EventTime(microseconds: 160 * Self.second))
        // It stands until the new, larger delay has caught up with it.
        moved = mark.advance(to: 91 * Self.second)
        #expect(!moved)
        moved = mark.advance(to: 92 * Self.second)
        #expect(moved)
        #expect(mark.value == EventTime(microseconds: 161 * Self.second))
    }

    @Test("Restored, it goes on from where it stood")
    func restored() {
        var mark = Watermark(
            outOfOrderness: 10 * Self.second,
            value: EventTime(microseconds: 150 * Self.second),
            largestEventTime: EventTime(microseconds: 100 * Self.second),
            instant: 7 * Self.second
        )
        var moved = mark.advance(to: 7 * Self.second)
        #expect(!moved)
        moved = mark.advance(to: 8 * Self.second)
        #expect(moved)
        #expect(mark.value == EventTime(microseconds: 151 * Self.second))
    }
}
