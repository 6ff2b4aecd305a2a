/// The start of what a server says as text on one line, for a log: at most 160 characters.
enum Excerpt {
    /// Reads bytes of any kind; what ends or controls a line becomes a space.
    static func text(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(640), as: UTF8.self)
        let isBreak = { (character: Character) in
            character.isWhitespace || character.unicodeScalars.contains { $0.properties.generalCategory == .control }
        }
        let words = text.split(whereSeparator: isBreak).joined(separator: " ")
        return words.count > 160 ? words.prefix(160) + "…" : words
    }
}
