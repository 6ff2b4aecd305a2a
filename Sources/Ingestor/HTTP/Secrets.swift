import FoundationEssentials

/// Texts that must not be said whoever repeats them: a key that a server puts into its error, a password that a gateway
/// puts into a redirect.
struct Secrets: Sendable {
    private static let mask = Array("***".utf8)
    /// What is looked for, in lower case, the longest first.
    private let patterns: [[UInt8]]

    /// Collects what a request carries.
    /// - Parameters:
    ///   - key: the key in a header.
    ///   - url: a URL that may hold `user:password@`.
    init(key: String?, url: String) {
        var texts = [key ?? ""]
        if let scheme = url.firstRange(of: "://"), let at = url.lastIndex(of: "@"), scheme.upperBound <= at {
            let user = url[scheme.upperBound..<at]
            let plain = Self.decoded(user)
            // Of a pair the name alone is no secret; a name alone may be a key.
            let password = user.firstIndex(of: ":").map { user[user.index(after: $0)...] } ?? user
            texts += [String(user), String(password), plain, Self.decoded(password)]
            texts += [plain, plain + ":"].map { Data($0.utf8).base64EncodedString() }
        }
        let forms = texts + texts.map { HTTPClient.encoded($0) }
        patterns = Set(forms.map { $0.utf8.map(Self.lower) })
            .filter { !$0.isEmpty }
            .sorted { $0.count > $1.count }
    }

    /// A text in which none of them stands, in whatever case or percent-encoded.
    /// - Parameters:
    ///   - text: the text.
    ///   - limit: how many bytes of it to read; what could be half of a secret there is cut off too.
    func masked(_ text: some Collection<UInt8>, limit: Int = 4_096) -> [UInt8] {
        let bytes = Array(text.prefix(limit))
        let lower = bytes.map(Self.lower)
        let end = text.count > limit ? limit - (patterns.first?.count ?? 0) : bytes.count
        var result: [UInt8] = []
        var index = 0
        while index < end {
            if let secret = patterns.first(where: { lower[index...].starts(with: $0) }) {
                result += Self.mask
                index += secret.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    /// A text in which none of them stands.
    func masked(_ text: String) -> String {
        String(decoding: masked(text.utf8), as: UTF8.self)
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    /// What percent-encoded text stands for.
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
