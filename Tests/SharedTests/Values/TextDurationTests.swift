import Shared
import TestSupport
import Testing

@Suite("TextDuration")
struct TextDurationTests {
    @Test(
        "reads a whole number and a unit",
        arguments: [
            ("250ms", 250_000), ("10s", 10_000_000), ("5m", 300_000_000), ("1h", 3_600_000_000),
            ("7d", 604_800_000_000), ("12us", 12), ("0s", 0), ("007s", 7_000_000),
            ("9223372036854775807us", Int64.max), ("106751991d", 9_223_372_022_400_000_000),
        ] as [(String, Int64)]
    )
    func reads(text: String, microseconds: Int64) {
        #expect(TextDuration.microseconds(text) == microseconds)
    }

    @Test(
        "refuses everything else",
        arguments: [
            "", "s", "10", "10 s", " 10s", "10s ", "-10s", "+10s", "1.5s", "10S", "10sec", "1h30m", "5min", "٣s",
            "9223372036854775808us", "106751992d", "99999999999999999999s", "5\u{6D}\u{301}",
        ]
    )
    func refuses(text: String) {
        #expect(TextDuration.microseconds(text) == nil)
    }

    @Test(
        "writes the largest unit that divides",
        arguments: [
            (0, "0s"), (1, "1us"), (1_500, "1500us"), (2_000, "2ms"), (60_000_000, "1m"), (90_000_000, "90s"),
            (86_400_000_000, "1d"), (604_800_000_000, "7d"), (300_000_000, "5m"), (-5_000_000, "-5s"),
            (Int64.max, "9223372036854775807us"), (Int64.min, "-9223372036854775808us"),
        ] as [(Int64, String)]
    )
    func writes(microseconds: Int64, text: String) {
        #expect(TextDuration.text(microseconds: microseconds) == text)
    }

    @Test("reads what it wrote", arguments: 0..<4 as Range<UInt64>)
    func roundTrip(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2_000 {
            let value = Int64(random.next() >> UInt64.random(in: 1..<60, using: &random))
            let step: Int64 = random.pick([1, 1_000, 1_000_000, 60_000_000, 86_400_000_000])
            let microseconds = value / step * step
            let text = TextDuration.text(microseconds: microseconds)
            #expect(TextDuration.microseconds(text) == microseconds, "seed \(seed): \(text)")
        }
    }
}
