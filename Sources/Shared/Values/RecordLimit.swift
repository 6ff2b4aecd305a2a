/// How long what a record holds may be, in bytes of UTF-8: one place for every reader and writer.
///
/// Without limits one record can stop a service for ever: an id that no index of a database takes, a value that no longer
/// fits into Kafka once headers say what was wrong with it. A tick of the Ingestor has some 400 bytes.
public enum RecordLimit {
    /// The value of a record that anybody reads: a tick, a window, an alert, a rule.
    public static let value = 65_536
    /// `coin_id`. CoinGecko's longest id has some 80 bytes.
    public static let coinID = 256
    /// `vs_currency`
    public static let vsCurrency = 64
    /// `rule_id`
    public static let ruleID = 256
    /// `symbol`
    public static let symbol = 256
    /// `name`
    public static let name = 1_024
    /// `trade_id`
    public static let tradeID = 64
    /// `source`
    public static let source = 64
    /// `alert_id`, which is made of a rule, a coin, a currency and a time.
    public static let alertID = ruleID + coinID + vsCurrency + EventTime.maximumTextLength + 3
    /// Prices of ticks are below this: 10²⁰.
    public static let price = Price(units: 100_000_000_000_000_000_000 * Price.unitsPerOne)
    /// The text of an error, in a log line or in a dead letter's header.
    public static let error = 1_024

    /// Why a text that names something can't be used, or nil when it can.
    static func fault(_ field: StaticString, _ text: String, atMost limit: Int) -> String? {
        text.isEmpty ? "\(field) must not be empty" : fault(field, optional: text, atMost: limit)
    }

    /// Why a text that may be empty can't be used, or nil when it can. U+0000 is valid JSON, but no text of PostgreSQL.
    static func fault(_ field: StaticString, optional text: String, atMost limit: Int) -> String? {
        let text = text.utf8
        if text.count > limit { return "\(field) has \(text.count) bytes, more than \(limit)" }
        return text.contains(0) ? "\(field) holds the character U+0000" : nil
    }
}
