import Shared

/// How many dead letters there are of each service and reason.
///
/// Reasons that differ only in numbers are one: `byte 7` and `byte 19` count as `byte #`. Of what the database says, the detail
/// is left out: it shows the row.
struct DeadLetterSummary: Sendable, Hashable {
    /// So many kinds are told apart; what comes after that counts as "other reasons".
    static let maximumKinds = 100

    private struct Kind: Hashable {
        let service: String
        let reason: String
    }

    private struct Count: Hashable {
        var all = 0
        var putBack = 0
    }

    private var counts: [Kind: Count] = [:]

    /// Counts one.
    mutating func add(_ letter: StoredDeadLetter, isPutBack: Bool) {
        var kind =
            letter.refusal.map { Kind(service: $0.service, reason: Self.kind(of: $0)) }
            ?? Kind(service: "-", reason: "no dead letter of Tickline's")
        if counts[kind] == nil, counts.count >= Self.maximumKinds { kind = Kind(service: "-", reason: "other reasons") }
        counts[kind, default: Count()].all += 1
        if isPutBack { counts[kind, default: Count()].putBack += 1 }
    }

    /// A line for each kind, the most frequent first, and one for all.
    var text: String {
        var lines = ["  count  put back  service     reason"]
        for (kind, count) in sorted {
            let service = kind.service + String(repeating: " ", count: max(0, 10 - kind.service.count))
            lines.append("\(Self.right(count.all, 7))  \(Self.right(count.putBack, 8))  \(service)  \(kind.reason)")
        }
        let (all, putBack) = (counts.values.reduce(0) { $0 + $1.all }, counts.values.reduce(0) { $0 + $1.putBack })
        lines.append("\(Self.right(all, 7))  \(Self.right(putBack, 8))  in all")
        return lines.map { Terminal.printable($0) + "\n" }.joined()
    }

    /// A JSON object for each kind, on a line of its own.
    var json: String {
        sorted.map { kind, count in
            var json = JSONWriter()
            json.beginObject()
            json.key("service")
            json.string(kind.service)
            json.key("reason")
            json.string(kind.reason)
            json.key("count")
            json.integer(count.all)
            json.key("put_back")
            json.integer(count.putBack)
            json.endObject()
            return json.text + "\n"
        }.joined()
    }

    private var sorted: [(Kind, Count)] {
        counts.map { ($0.key, $0.value) }.sorted { left, right in
            (right.1.all, left.0.service, left.0.reason) < (left.1.all, right.0.service, right.0.reason)
        }
    }

    private static func right(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func kind(of refusal: StoredDeadLetter.Refusal) -> String {
        guard let state = refusal.sqlState else { return withoutNumbers(refusal.reason) }
        let message = refusal.reason.firstRange(of: ": ").map { refusal.reason[..<$0.lowerBound] }
        return withoutNumbers(message.map(String.init) ?? refusal.reason) + " (\(state))"
    }

    /// A reason with `#` for each run of digits.
    static func withoutNumbers(_ reason: String) -> String {
        var result = ""
        var isNumber = false
        for character in reason.unicodeScalars {
            let isDigit = ("0"..."9").contains(character)
            if !isDigit { result.unicodeScalars.append(character) } else if !isNumber { result += "#" }
            isNumber = isDigit
        }
        return result
    }
}
