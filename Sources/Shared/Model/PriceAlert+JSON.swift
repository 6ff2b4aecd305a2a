/// The JSON of `prices.alerts`.
extension PriceAlert {
    private enum Field: String, CaseIterable, Sendable {
        case alertID = "alert_id"
        case ruleID = "rule_id"
        case coinID = "coin_id"
        case vsCurrency = "vs_currency"
        case kind
        case threshold
        case window
        case value
        case price
        case triggeredAt = "triggered_at"
    }

    private static let fields = JSONFields<Field>(
        required: [.alertID, .ruleID, .coinID, .vsCurrency, .kind, .threshold, .value, .price, .triggeredAt]
    )

    /// Reads an alert: unknown fields are ignored, `null` is the same as an optional field that isn't there.
    /// - Throws: ``JSONError`` when the bytes aren't one JSON object of that shape, or the alert has a ``fault``.
    public init(json: Span<UInt8>) throws(JSONError) {
        self.init(
            alertID: "",
            ruleID: "",
            coinID: "",
            vsCurrency: "",
            kind: .above,
            threshold: .zero,
            value: .zero,
            price: .zero,
            triggeredAt: .earliest
        )
        try PriceAlert.fields.readObject(json) { field, scanner throws(JSONError) in
            try read(field, from: &scanner)
        }
        if let fault { throw JSONError(.invalidValue(fault), at: json.count) }
    }

    /// Why the alert can't be used, or nil when it can.
    public var fault: String? {
        if let fault = RecordLimit.fault("alert_id", alertID, atMost: RecordLimit.alertID) { return fault }
        if let fault = RecordLimit.fault("rule_id", ruleID, atMost: RecordLimit.ruleID) { return fault }
        if let fault = RecordLimit.fault("coin_id", coinID, atMost: RecordLimit.coinID) { return fault }
        if let fault = RecordLimit.fault("vs_currency", vsCurrency, atMost: RecordLimit.vsCurrency) { return fault }
        if let windowMicroseconds, windowMicroseconds <= 0 { return "window must be longer than nothing" }
        return price < .zero ? "price must not be negative" : nil
    }

    private mutating func read(_ field: Field, from scanner: inout JSONScanner) throws(JSONError) {
        switch field {
        case .alertID: alertID = try scanner.string()
        case .ruleID: ruleID = try scanner.string()
        case .coinID: coinID = try scanner.string()
        case .vsCurrency: vsCurrency = try scanner.string()
        case .kind: kind = try scanner.choice()
        case .threshold: threshold = try scanner.price()
        case .window: windowMicroseconds = try scanner.isNull() ? nil : scanner.duration()
        case .value: value = try scanner.price()
        case .price: price = try scanner.price()
        case .triggeredAt: triggeredAt = try scanner.eventTime()
        }
    }

    /// Writes the alert as one JSON object; `window` is left out when there is none.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("alert_id", alertID)
        writer.member("rule_id", ruleID)
        writer.member("coin_id", coinID)
        writer.member("vs_currency", vsCurrency)
        writer.member("kind", kind.rawValue)
        writer.member("threshold", threshold)
        if let windowMicroseconds {
            writer.key("window")
            writer.duration(microseconds: windowMicroseconds)
        }
        writer.member("value", value)
        writer.member("price", price)
        writer.member("triggered_at", triggeredAt)
        writer.endObject()
    }
}
