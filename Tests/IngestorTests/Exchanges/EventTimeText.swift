import Foundation

/// Times as exchanges write them, by Foundation and not by our own writer.
enum EventTimeText {
    /// `2026-11-29T12:00:00`
    static func text(_ microseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(microseconds / 1_000_000))
        return String(date.formatted(.iso8601).dropLast())
    }
}
