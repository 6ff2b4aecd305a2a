import Shared

/// How dead letters are shown: for people, and as JSON.
enum DeadLetterText {
    /// So many bytes of a value are shown.
    static let maximumValue = 4_096
    /// So many bytes of a key, or of a header's value, are shown.
    static let maximumName = 256

    /// One line for people.
    static func line(_ letter: StoredDeadLetter, isPutBack: Bool) -> String {
        let time = letter.time.map(\.description) ?? "no time"
        let key = letter.key.map { text($0, atMost: 64) } ?? "no key"
        guard let refusal = letter.refusal else {
            return "\(letter.place)  \(time)  no dead letter of Tickline's  \(key)"
        }
        let state = isPutBack ? "put back" : "open"
        let again = letter.requeued.map { " (was put back \(times($0.count)) before)" } ?? ""
        let source = "\(refusal.source)@\(refusal.offset)"
        let line =
            "\(letter.place)  \(time)  \(refusal.service)  \(source)  \(key)  \(state)  \(refusal.reason)\(again)"
        return Terminal.printable(line)
    }

    /// One JSON object on one line.
    static func json(_ letter: StoredDeadLetter, isPutBack: Bool) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.key("partition")
        json.integer(Int64(letter.place.partition))
        json.key("offset")
        json.integer(letter.place.offset)
        if let time = letter.time {
            json.key("time")
            json.eventTime(time)
        }
        if let refusal = letter.refusal {
            json.key("service")
            json.string(refusal.service)
            json.key("reason")
            json.string(refusal.reason)
            if let state = refusal.sqlState {
                json.key("sqlstate")
                json.string(state)
            }
            json.key("source_topic")
            json.string(refusal.source.topic)
            json.key("source_partition")
            json.integer(Int64(refusal.source.partition))
            json.key("source_offset")
            json.integer(refusal.offset)
            json.key("put_back")
            json.bool(isPutBack)
        }
        if let requeued = letter.requeued {
            json.key("requeued_count")
            json.integer(requeued.count)
        }
        if let key = letter.key {
            if let text = String(validating: key, as: UTF8.self) {
                json.key("key")
                json.string(text)
            } else {
                json.key("key_hex")
                json.string(Hexdump.digits(key))
            }
        }
        if let value = letter.value {
            json.key("value_bytes")
            json.integer(letter.refusal?.valueSize ?? value.count)
        }
        json.endObject()
        return json.text
    }

    /// Everything about one, for people.
    /// - Parameters:
    ///   - topic: the topic of the dead letters.
    ///   - state: whether it was put back, in words.
    static func whole(_ letter: StoredDeadLetter, in topic: String, state: String) -> String {
        var rows = [("dead letter", "\(topic), partition \(letter.place.partition), offset \(letter.place.offset)")]
        rows.append(("written", letter.time.map(\.description) ?? "no time"))
        if let refusal = letter.refusal {
            rows.append(("service", refusal.service))
            rows.append(("reason", refusal.reason))
            if let state = refusal.sqlState { rows.append(("sqlstate", state)) }
            let source = refusal.source
            rows.append(("came from", "\(source.topic), partition \(source.partition), offset \(refusal.offset)"))
        } else {
            rows.append(("service", "none of Tickline's: it lacks their headers"))
        }
        rows.append(("put back", state))
        if let requeued = letter.requeued {
            rows.append(("before that", "was put back \(times(requeued.count)), last from \(requeued.from)"))
        }
        rows.append(("key", letter.key.map { text($0, atMost: maximumName) } ?? "none"))
        if let size = letter.refusal?.keySize { rows.append(("", "cut: it had \(size) bytes")) }
        for header in letter.headers {
            rows.append(("header", "\(header.name) = \(text(header.value, atMost: maximumName))"))
        }
        guard let value = letter.value else {
            rows.append(("value", "none"))
            return lines(rows)
        }
        let size = letter.refusal?.valueSize.map { ", cut: it had \($0)" } ?? ""
        rows.append(("value", "\(value.count) bytes\(size)"))
        return lines(rows) + body(value)
    }

    private static func lines(_ rows: [(name: String, text: String)]) -> String {
        rows.map { row in
            let name = row.name + String(repeating: " ", count: max(0, 14 - row.name.count))
            return Terminal.printable(name + row.text) + "\n"
        }.joined()
    }

    /// A value as text if it is some, otherwise as a hexdump; cut at ``maximumValue``.
    private static func body(_ value: [UInt8]) -> String {
        let rest = value.count - min(value.count, maximumValue)
        let more = rest == 0 ? "" : "… and \(rest) bytes more (--raw writes all of them)\n"
        guard let text = String(validating: value, as: UTF8.self) else {
            return Hexdump.lines(value.prefix(maximumValue)) + more
        }
        let shown = rest == 0 ? text : text.cut(to: maximumValue)
        let lines = shown.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { Terminal.printable(String($0)) + "\n" }.joined() + more
    }

    /// Bytes as text if they are some, otherwise as hexadecimal digits; cut.
    private static func text(_ bytes: [UInt8], atMost limit: Int) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text.cut(to: limit) }
        return "0x" + Hexdump.digits(bytes.prefix(limit / 2)) + (bytes.count > limit / 2 ? "…" : "")
    }

    private static func times(_ count: Int) -> String {
        count == 1 ? "once" : "\(count) times"
    }
}
