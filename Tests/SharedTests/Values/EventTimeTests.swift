import Foundation
import Shared
import TestSupport
import Testing

@Suite("EventTime", .ownThread)
struct EventTimeTests {
    @Test(
        "reads RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999999Z", -1),
            ("2026-11-22T20:35:00.123Z", 1_795_379_700_123_000), ("2026-11-22T20:35:00.123456Z", 1_795_379_700_123_456),
            ("2026-11-22T20:35:00.123456789Z", 1_795_379_700_123_456),
            ("2026-11-22t20:35:00.1z", 1_795_379_700_100_000),
            ("2026-11-22 20:35:00.12+00:00", 1_795_379_700_120_000),
            ("2026-11-22T20:35:00.1234Z", 1_795_379_700_123_400),
            ("2026-11-22T20:35:00.12345Z", 1_795_379_700_123_450), ("2026-11-22T22:05:00+01:30", 1_795_379_700_000_000),
            ("2026-11-22T12:35:00-08:00", 1_795_379_700_000_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000), ("1969-12-31T23:59:59.9999999Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("2025-10-06T18:57:42.558Z", 1_759_777_062_558_000), ("2013-07-05T16:00:00.000Z", 1_373_040_000_000_000),
        ] as [(String, Int64)]
    )
    func reads(text: String, microseconds: Int64) {
        #expect(EventTime(text)?.microseconds == microseconds)
    }

    @Test(
        "refuses what isn't RFC 3339",
        arguments: [
            "", "2026", "2026-11-22", "2026-11-22T20:35", "2026-11-22T20:35:00", "2026-11-22T20:35:00.Z",
            "2026-11-22T20:35:00.1234567890Z", "2026-11-22T20:35:00,123Z", "2026-11-22T24:00:00Z",
            "2026-11-22T20:60:00Z", "2026-11-22T20:35:60Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z", "2026-11-22T20:35:00+1:00", "2026-11-22T20:35:00+0100", "2026-11-22T20:35:00+24:00",
            "2026-11-22T20:35:00+01:60", "2026-11-22T20:35:00ZZ", "2026-11-22T20:35:00Z ", " 2026-11-22T20:35:00Z",
            "2026-11-22T20:35:00.123", "2026-11-22T20:35:00.123+", "2026/11/22T20:35:00Z", "2026-11-22X20:35:00Z",
            "20261-11-22T20:35:00Z", "-026-11-22T20:35:00Z", "+2026-11-22T20:35:00Z", "２０２６-11-22T20:35:00Z",
            "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2026-11-22T20:35:00.12Z3",
        ]
    )
    func refuses(text: String) {
        #expect(EventTime(text) == nil)
    }

    @Test(
        "writes milliseconds, and microseconds when there are some",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_795_379_700_123_000, "2026-11-22T20:35:00.123Z"), (1_795_379_700_123_456, "2026-11-22T20:35:00.123456Z"),
            (1_795_379_700_000_001, "2026-11-22T20:35:00.000001Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00.000Z"),
            (-62_167_219_200_000_001, "-0001-12-31T23:59:59.999999Z"),
            (253_402_300_800_000_000, "10000-01-01T00:00:00.000Z"),
            (Int64.min, "-290308-12-21T19:59:05.224192Z"), (Int64.max, "294247-01-10T04:00:54.775807Z"),
        ] as [(Int64, String)]
    )
    func writes(microseconds: Int64, text: String) {
        #expect(EventTime(microseconds: microseconds).description == text)
    }

    @Test("agrees with Foundation's calendar on random instants", arguments: 0..<4 as Range<UInt64>)
    func agreesWithFoundation(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        // Foundation's own Gregorian calendar goes over to the Julian one in 1582.
        let first = try #require(EventTime("1583-01-01T00:00:00Z")).microseconds
        for _ in 0..<2_500 {
            let time = EventTime(microseconds: Int64.random(in: first...EventTime.latest.microseconds, using: &random))
            let date = Date(timeIntervalSince1970: TimeInterval(time.unixSeconds))
            let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            let fields = [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second].map { $0 ?? -1 }
            let read = time.description.prefix(19).split { "-T:".contains($0) }.map { Int($0) }
            #expect(read == fields, "seed \(seed): \(time.microseconds)")
        }
    }

    @Test("agrees with Foundation's ISO 8601 parser on random instants", arguments: 0..<4 as Range<UInt64>)
    func parserAgreesWithFoundation(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let first = try #require(EventTime("1583-01-01T00:00:00Z")).microseconds
        for _ in 0..<2_500 {
            let time = EventTime(
                microseconds: Int64.random(in: first...EventTime.latest.microseconds, using: &random) / 1_000_000
                    * 1_000_000
            )
            let offset = Int.random(in: -720...840, using: &random)
            let zone = try #require(TimeZone(secondsFromGMT: offset * 60))
            let style = Date.ISO8601FormatStyle(timeZoneSeparator: .colon, timeZone: zone)
            let date = Date(timeIntervalSince1970: TimeInterval(time.unixSeconds))
            let text = date.formatted(style)
            guard text.utf8.count <= 25 else { continue }  // The offset reaches into the year 10000.
            #expect(EventTime(text) == time, "seed \(seed): \(text)")
            let parsed = try Date(time.description, strategy: .iso8601)
            #expect(Int64(parsed.timeIntervalSince1970) == time.unixSeconds, "seed \(seed): \(time)")
        }
    }

    @Test("has the days of every month of 800 years in a row")
    func consecutiveDays() throws {
        let start = try #require(EventTime("1600-01-01T00:00:00Z")).microseconds
        var texts: Set<String> = []
        var last = ""
        for day in 0..<Int64(2 * 146_097) {
            let time = EventTime(microseconds: start + day * 86_400_000_000)
            let text = time.description
            #expect(last < text && EventTime(text) == time, "day \(day): \(text)")
            texts.insert(String(text.prefix(7)))
            last = text
        }
        #expect(texts.count == 800 * 12)
    }

    @Test("reads what it wrote", arguments: 0..<4 as Range<UInt64>)
    func roundTrip(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5_000 {
            let time = random.eventTime()
            #expect(EventTime(time.description) == time, "seed \(seed): \(time.microseconds)")
        }
    }

    /// With a digit more it is as long as no time is written here, and is read byte by byte.
    @Test("reads and refuses a time with any byte in any place as it does with a zero more behind the point")
    func anyByte() throws {
        for text in ["2026-11-22T20:35:00.123Z", "2024-02-29T23:59:59.999999Z", "0000-01-01T00:00:00.000Z"] {
            for place in 0..<text.utf8.count {
                for byte in UInt8.min...UInt8.max {
                    var bytes = Array(text.utf8)
                    bytes[place] = byte
                    let read = EventTime(utf8: bytes.span)
                    bytes.insert(UInt8(ascii: "0"), at: bytes.count - 1)
                    #expect(read == EventTime(utf8: bytes.span), "byte \(byte) at \(place) of \(text)")
                }
            }
        }
    }

    @Test("takes Unix seconds and milliseconds, nil when RFC 3339 doesn't have the instant")
    func unixTime() {
        #expect(EventTime(unixSeconds: 1_763_844_743)?.description == "2025-11-22T20:52:23.000Z")
        #expect(EventTime(unixMilliseconds: 1_763_844_743_123)?.description == "2025-11-22T20:52:23.123Z")
        #expect(EventTime(unixSeconds: .max) == nil)
        #expect(EventTime(unixMilliseconds: .min) == nil)
        #expect(EventTime(unixSeconds: 253_402_300_800) == nil)
        #expect(EventTime(microseconds: -1).unixSeconds == -1)
        #expect(EventTime(microseconds: 1_999_999).unixSeconds == 1)
        #expect(EventTime.earliest.description == "0000-01-01T00:00:00.000Z")
        #expect(EventTime.latest.description == "9999-12-31T23:59:59.999999Z")
    }

    @Test("knows what time it is")
    func now() {
        let before = Int64(Date().timeIntervalSince1970)
        let now = EventTime.now().unixSeconds
        let after = Int64(Date().timeIntervalSince1970)
        #expect(before <= now && now <= after)
    }
}
