import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("Text cursor")
struct TextCursorTests {
    private func text(_ write: (inout TextCursor) -> Void) -> String {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
        defer { memory.deallocate() }
        memory.initialize(repeating: UInt8(ascii: "?"), count: 64)
        var cursor = TextCursor(memory)
        write(&cursor)
        return String(decoding: UnsafeBufferPointer(start: memory, count: cursor.count), as: UTF8.self)
    }

    @Test("writes decimals as Price does", arguments: 0..<300)
    func decimals(seed: Int) {
        var random = TestSupport.SplitMix64(seed: UInt64(seed))
        let value =
            Int64(truncatingIfNeeded: random.next() >> (random.next() % 63)) * (random.chance(1, in: 3) ? -1 : 1)
        let decimals = Int(random.next() % 18)
        var units = Int128(value)
        for _ in decimals..<Price.scale { units *= 10 }
        #expect(text { $0.write(value, decimals: decimals) } == Price(units: units).description, "seed \(seed)")
        #expect(text { $0.write(value) } == String(value), "seed \(seed)")
    }

    @Test("writes times as EventTime does")
    func times() {
        var clock = SecondText()
        for microseconds: Int64 in [0, 1, 999, 1_000, 999_999, 1_000_000, 1_779_108_571_123_456, 1_779_108_571_120_000]
        {
            let time = EventTime(microseconds: microseconds)
            clock.move(to: time)
            #expect(text { clock.write(to: &$0) } == time.description)
        }
    }
}
