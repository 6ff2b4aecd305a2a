import Shared

/// JSON put together from parts that are JSON already, such as what Redis holds.
enum JSONPart {
    /// A text as JSON.
    static func string(_ text: String) -> String {
        var json = JSONWriter()
        json.string(text)
        return json.text
    }

    /// An object of members whose values are JSON.
    static func object(_ members: [(name: String, json: String)]) -> String {
        "{" + members.map { "\(string($0.name)):\($0.json)" }.joined(separator: ",") + "}"
    }

    /// An array of elements that are JSON.
    static func array(_ elements: [String]) -> String {
        "[" + elements.joined(separator: ",") + "]"
    }

    /// The bytes on one line if they are JSON, otherwise as a text.
    static func value(_ bytes: [UInt8]) -> String {
        guard isJSON(bytes) else { return string(String(decoding: bytes, as: UTF8.self)) }
        // In JSON, line ends stand between values only.
        return String(decoding: bytes.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
    }

    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        do throws(JSONError) {
            var scanner = JSONScanner(bytes.span)
            try scanner.skipValue()
            try scanner.end()
            return true
        } catch {
            return false
        }
    }
}
