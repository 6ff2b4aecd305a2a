import TestSupport

/// Random JSON text.
extension SplitMix64 {
    /// White space, mostly none.
    mutating func whiteSpace() -> String {
        guard chance(1, in: 5) else { return "" }
        return (0..<Int.random(in: 1...3, using: &self)).map { _ in pick([" ", "\n", "\t", "\r"]) }.joined()
    }

    /// A text of any characters, mostly plain.
    mutating func text() -> String {
        var text = String.UnicodeScalarView()
        let isPlain = chance(1, in: 2)
        for _ in 0..<(chance(1, in: 10) ? Int.random(in: 20...60, using: &self) : Int.random(in: 0...12, using: &self))
        {
            switch isPlain ? 9 : next() % 10 {
            case 0:
                text.append(pick(["\"", "\\", "/", "\u{7F}", "\u{0}", "\u{1F}", "\n", "\r", "\t", "\u{8}", "\u{C}"]))
            case 1: text.append(Unicode.Scalar(UInt32(next() % 0x800)) ?? "é")
            case 2: text.append(Unicode.Scalar(UInt32(next() % 0x1_0000)) ?? "€")
            case 3: text.append(Unicode.Scalar(UInt32(next() % 0x11_0000)) ?? "𝄞")
            case 4:
                text.append(pick(["é", "ß", "€", "\u{2028}", "\u{FEFF}", "\u{301}", "🐶", "\u{10FFFF}", "\u{FFFF}"]))
            default: text.append(Unicode.Scalar(UInt8(0x61 + next() % 26)))
            }
        }
        return String(text)
    }

    /// That text as a JSON string; any character may come as an escape.
    mutating func quoted(_ text: String) -> String {
        let escapesAny = chance(1, in: 4)
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += chance(1, in: 3) ? unicodeEscape(scalar) : "\\" + String(scalar)
            case "\n" where chance(1, in: 2): result += "\\n"
            case "\r" where chance(1, in: 2): result += "\\r"
            case "\t" where chance(1, in: 2): result += "\\t"
            case "\u{8}" where chance(1, in: 2): result += "\\b"
            case "\u{C}" where chance(1, in: 2): result += "\\f"
            case "/" where chance(1, in: 2): result += "\\/"
            case "\u{0}"..."\u{1F}": result += unicodeEscape(scalar)
            default:
                if escapesAny && chance(1, in: 3) {
                    result += unicodeEscape(scalar)
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// A JSON value of any kind, nested up to that depth; keys may come twice in an object.
    mutating func document(depth: Int, repeatingKeys: Bool = true) -> String {
        let value: String
        switch depth > 0 ? next() % 8 : next() % 5 {
        case 0: value = pick(["null", "true", "false"])
        case 1, 2: value = numberText()
        case 3, 4:
            let content = text()
            value = quoted(content)
        case 5:
            let count = Int.random(in: 0...4, using: &self)
            value =
                "["
                + (0..<count).map { _ in document(depth: depth - 1, repeatingKeys: repeatingKeys) }.joined(
                    separator: ","
                ) + whiteSpace() + "]"
        default:
            let count = Int.random(in: 0...4, using: &self)
            let members = (0..<count).map { index in
                let key = repeatingKeys ? (chance(1, in: 4) ? "a" : text()) : text() + "\(index)"
                let member = document(depth: depth - 1, repeatingKeys: repeatingKeys)
                return whiteSpace() + quoted(key) + whiteSpace() + ":" + member
            }
            value = "{" + members.joined(separator: ",") + whiteSpace() + "}"
        }
        return whiteSpace() + value + whiteSpace()
    }

    /// The bytes with one to three of them changed, taken out, put in, or all behind one of them cut off.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        let meaningful = Array("{}[]\",:\\/0123456789.eE+-truefalsn \n\tu".utf8)
        for _ in 0..<Int.random(in: 1...3, using: &self) {
            guard !result.isEmpty else { break }
            let place = Int.random(in: 0..<result.count, using: &self)
            let byte = chance(2, in: 3) ? pick(meaningful) : UInt8(truncatingIfNeeded: next())
            switch next() % 8 {
            case 0: result[place] ^= 1 << UInt8(next() % 8)
            case 1, 2: result[place] = byte
            case 3: result.insert(byte, at: place)
            case 4: result.remove(at: place)
            case 5: result.removeLast(result.count - place)
            case 6: result.swapAt(place, Int.random(in: 0..<result.count, using: &self))
            default:
                let end = min(place + Int.random(in: 1...8, using: &self), result.count)
                result.insert(contentsOf: result[place..<end], at: place)
            }
        }
        return result
    }

    private func unicodeEscape(_ scalar: Unicode.Scalar) -> String {
        UTF16.encode(scalar)?.map { unit in
            let digits = String(unit, radix: 16, uppercase: unit % 2 == 0)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined() ?? ""
    }
}
