import ArgumentParser
import Shared

/// A time on the command line: RFC 3339, a date, which is its begin in UTC, or how long ago it was, such as `90m`.
struct Moment: Sendable, Hashable {
    /// The instant.
    let time: EventTime

    /// Reads the text of an argument; nil if it is no time.
    init?(_ text: String, now: EventTime) {
        if let time = EventTime(text) ?? EventTime("\(text)T00:00:00Z") {
            self.time = time
            return
        }
        guard let ago = TextDuration.microseconds(text) else { return nil }
        let (microseconds, overflow) = now.microseconds.subtractingReportingOverflow(ago)
        guard !overflow, microseconds >= EventTime.earliest.microseconds else { return nil }
        time = EventTime(microseconds: microseconds)
    }
}

extension Moment: ExpressibleByArgument {
    /// Reads the text of an argument.
    init?(argument: String) {
        self.init(argument, now: .now())
    }
}
