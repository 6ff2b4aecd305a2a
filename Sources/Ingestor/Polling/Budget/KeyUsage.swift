import Shared

/// What a vendor says of a paid key: the plan's own figures, and what is left of the month.
struct KeyUsage: Sendable, Hashable {
    /// The plan's name; nothing that a log could not show.
    var plan: String?
    /// The most calls a minute: the lesser of the plan's and the key's own.
    var perMinute: Int?
    /// The most calls a month: the lesser of the plan's and the key's own.
    var perMonth: Int?
    /// What is left of the month.
    var left: Int?

    /// Figures; `nil` for those that aren't said.
    init(plan: String? = nil, perMinute: Int? = nil, perMonth: Int? = nil, left: Int? = nil) {
        self.plan = plan
        self.perMinute = perMinute
        self.perMonth = perMonth
        self.left = left
    }

    /// Reads the body of CoinGecko's `/key`.
    /// - Throws: ``JSONError`` when it is no object.
    init(json: Span<UInt8>) throws(JSONError) {
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "plan":
                if try scanner.peekKind() == .string {
                    let text = try scanner.string()
                    plan = text.isEmpty ? nil : Excerpt.text(text.utf8)
                } else {
                    try scanner.skipValue()
                }
            case "rate_limit_request_per_minute", "api_key_rate_limit_request_per_minute":
                perMinute = Self.less(perMinute, try Self.count(&scanner, least: 1))
            case "monthly_call_credit", "api_key_monthly_call_credit":
                perMonth = Self.less(perMonth, try Self.count(&scanner, least: 1))
            case "current_remaining_monthly_calls": left = try Self.count(&scanner, least: 0)
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
    }

    private static func less(_ known: Int?, _ other: Int?) -> Int? {
        [known, other].compactMap(\.self).min()
    }

    /// A whole number, or `nil` for anything else.
    static func count(_ scanner: inout JSONScanner, least: Int) throws(JSONError) -> Int? {
        guard try scanner.peekKind() == .number else {
            try scanner.skipValue()
            return nil
        }
        do {
            let value = try scanner.price()
            let whole = value.units / Price.unitsPerOne
            return whole < Int128(least) ? nil : Int(exactly: whole).map { min($0, 1_000_000_000) }
        } catch  where error.kind == .outOfRange {
            return nil
        }
    }
}
