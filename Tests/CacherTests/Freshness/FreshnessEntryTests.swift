import Shared
import Testing

@testable import Cacher

@Suite("FreshnessEntry")
struct FreshnessEntryTests {
    @Test("What is known is written, and read back as it was")
    func writes() throws {
        var entry = FreshnessEntry(
            offset: 41_234,
            records: 41_200,
            lag: 0,
            eventTime: EventTime("2026-11-29T12:00:00.123Z"),
            writtenAt: try #require(EventTime("2026-11-29T12:00:01Z"))
        )
        var json = JSONWriter()
        entry.write(to: &json)
        let start = #"{"offset":41234,"records":41200"#
        let end = #","written_at":"2026-11-29T12:00:01.000Z"}"#
        #expect(json.text == start + #","lag":0,"event_time":"2026-11-29T12:00:00.123Z""# + end)
        #expect(try FreshnessEntry(json: json.bytes) == entry)
        (entry.lag, entry.eventTime) = (nil, nil)
        json.reset()
        entry.write(to: &json)
        #expect(json.text == start + end)
        #expect(try FreshnessEntry(json: json.bytes) == entry)
    }

    @Test(
        "What is no entry is refused, numbers that nobody can count on from included",
        arguments: [
            "", "[]", "{}", #"{"offset":1,"records":1}"#, #"{"offset":1,"written_at":"2026-11-29T12:00:01Z"}"#,
            #"{"offset":-1,"records":1,"written_at":"2026-11-29T12:00:01Z"}"#,
            #"{"offset":1,"records":9223372036854775807,"written_at":"2026-11-29T12:00:01Z"}"#,
            #"{"offset":1,"records":9223372036854775808,"written_at":"2026-11-29T12:00:01Z"}"#,
            #"{"offset":1,"records":1.5,"written_at":"2026-11-29T12:00:01Z"}"#,
            #"{"offset":1,"records":1,"lag":null,"written_at":"2026-11-29T12:00:01Z"}"#,
            #"{"offset":1,"records":1,"written_at":"yesterday"}"#,
            #"{"offset":1,"records":1,"written_at":"2026-11-29T12:00:01Z"}x"#,
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try FreshnessEntry(json: Array(text.utf8).span) }
    }

    @Test("Fields that are new to a reader are passed over")
    func passesOver() throws {
        let text = #"{"more":[1],"written_at":"2026-11-29T12:00:01Z","records":2,"offset":3}"#
        let entry = try FreshnessEntry(json: Array(text.utf8).span)
        #expect(entry.offset == 3 && entry.records == 2 && entry.lag == nil)
    }
}
