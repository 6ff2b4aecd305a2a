import Shared

extension PriceAlert {
    /// Writes the alert as the API has it: decimals are texts.
    func writeDecimals(to json: inout JSONWriter) {
        json.beginObject()
        json.member("alert_id", alertID)
        json.member("rule_id", ruleID)
        json.member("coin_id", coinID)
        json.member("vs_currency", vsCurrency)
        json.member("kind", kind.rawValue)
        json.member("threshold", decimal: threshold)
        json.member("window", optional: windowMicroseconds.map { TextDuration.text(microseconds: $0) })
        json.member("value", decimal: value)
        json.member("price", decimal: price)
        json.member("triggered_at", triggeredAt)
        json.endObject()
    }
}
