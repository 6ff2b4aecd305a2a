import Shared

extension BudgetLedger {
    /// The most seconds and days that are read: those of a minute and a month, and some more.
    private static let mostEntries = 128

    init(json: Span<UInt8>) throws(JSONError) {
        self.init()
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "number": number = try Self.count(&scanner)
            case "writer": writer = try scanner.string()
            case "even_pace": evenPace = try scanner.eventTime()
            case "days":
                try scanner.beginArray()
                while try scanner.nextElement() {
                    let day = try Self.day(&scanner, in: json)
                    if days.count < Self.mostEntries { days.append(day) }
                }
            case "seconds":
                try scanner.beginArray()
                while try scanner.nextElement() {
                    let second = try Self.second(&scanner, in: json)
                    if seconds.count < Self.mostEntries { seconds.append(second) }
                }
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        days.sort { $0.number < $1.number }
        seconds.sort { $0.last < $1.last }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("number", number)
        writer.member("writer", self.writer)
        writer.member("even_pace", evenPace)
        writer.key("days")
        writer.beginArray()
        for day in days {
            writer.beginObject()
            writer.member("day", EventTime(microseconds: day.number * 86_400_000_000))
            writer.member("polls", day.polls)
            writer.member("backfills", day.backfills)
            writer.endObject()
        }
        writer.endArray()
        writer.key("seconds")
        writer.beginArray()
        for second in seconds {
            writer.beginObject()
            writer.member("last", second.last)
            writer.member("calls", second.calls)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private static func day(_ scanner: inout JSONScanner, in json: Span<UInt8>) throws(JSONError) -> Day {
        var day = Day(number: 0, polls: 0, backfills: 0)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "day": day.number = try scanner.eventTime().unixSeconds / 86_400
            case "polls": day.polls = try count(&scanner)
            case "backfills": day.backfills = try count(&scanner)
            default: try scanner.skipValue()
            }
        }
        return day
    }

    private static func second(_ scanner: inout JSONScanner, in json: Span<UInt8>) throws(JSONError) -> Second {
        var second = Second(last: EventTime(microseconds: 0), calls: 0)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "last": second.last = try scanner.eventTime()
            case "calls": second.calls = try count(&scanner)
            default: try scanner.skipValue()
            }
        }
        return second
    }

    /// A count that sums of don't overflow.
    private static func count(_ scanner: inout JSONScanner) throws(JSONError) -> Int {
        let start = scanner.position
        let value = try scanner.integer()
        guard (0...1_000_000_000_000).contains(value) else { throw JSONError(.outOfRange, at: start) }
        return value
    }
}
