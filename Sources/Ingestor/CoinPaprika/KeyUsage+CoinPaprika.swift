import Shared

extension KeyUsage {
    /// Reads the body of `/key/info`: `{"plan":…,"usage":{"current_month":{"requests_made":…,"requests_left":…}}}`, where -1
    /// stands for no limit.
    /// - Throws: ``JSONError`` when it is no object.
    init(coinPaprika json: Span<UInt8>) throws(JSONError) {
        self.init()
        var (made, left): (Int?, Int?)
        var scanner = JSONScanner(json)
        try Self.readInfo(&scanner, in: json, &plan, &made, &left)
        try scanner.end()
        if let made, let left {
            perMonth = max(1, made + left)
            self.left = left
        }
    }

    /// Reads an object to its end; what is meant has the same names wherever it stands.
    private static func readInfo(
        _ scanner: inout JSONScanner,
        in json: Span<UInt8>,
        _ plan: inout String?,
        _ made: inout Int?,
        _ left: inout Int?
    ) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch (key.string(in: json), try scanner.peekKind()) {
            case ("usage", .object), ("current_month", .object):
                try readInfo(&scanner, in: json, &plan, &made, &left)
            case ("plan", .string):
                let text = try scanner.string()
                plan = text.isEmpty ? nil : Excerpt.text(text.utf8)
            case ("requests_made", _): made = try count(&scanner, least: 0)
            case ("requests_left", _): left = try count(&scanner, least: 0)
            default: try scanner.skipValue()
            }
        }
    }
}
