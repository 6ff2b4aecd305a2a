import Shared

/// The code and the words of an error in JSON, wherever they stand in it: `{"error":"…"}`,
/// `{"status":{"error_code":…,"error_message":…}}`, and either of them inside `error`.
struct ErrorDetails: Sendable {
    /// The vendor's own code.
    private(set) var code: Int?
    /// Its words.
    private(set) var message: String?

    /// Reads a body; `nil` when it is no object in JSON.
    init?(_ body: [UInt8]) {
        let json = body.span
        guard PollAnswer.firstByte(of: json) == UInt8(ascii: "{") else { return nil }
        var scanner = JSONScanner(json)
        do {
            try read(&scanner, in: json)
            try scanner.end()
        } catch {
            return nil
        }
    }

    private mutating func read(_ scanner: inout JSONScanner, in json: Span<UInt8>) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            let kind = try scanner.peekKind()
            switch (key.string(in: json), kind) {
            case ("status", .object), ("error", .object):
                try read(&scanner, in: json)
            case ("error_code", .number):
                let start = scanner.position
                if let value = try? scanner.integer() {
                    code = code ?? value
                } else if scanner.position == start {
                    throw JSONError(.malformedNumber, at: start)
                }
            case ("error_message", .string), ("error", .string), ("message", .string):
                let text = try scanner.string()
                message = message ?? text
            default:
                try scanner.skipValue()
            }
        }
    }
}
