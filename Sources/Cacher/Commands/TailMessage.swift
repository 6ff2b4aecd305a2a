import Shared

/// A message of a channel, as `cacher tail` prints it.
struct TailMessage {
    /// Where it was published.
    var channel: String
    /// What was published.
    var payload: [UInt8]

    /// One JSON object on one line: the channel, and the message as it was published.
    var json: String {
        JSONPart.object([("channel", JSONPart.string(channel)), ("message", JSONPart.value(payload))])
    }

    /// One line for people: when, what, and the figures; what is none of the Cacher's, as it is.
    /// - Parameter prefix: `CACHER_KEY_PREFIX`.
    func text(prefix: String) -> String {
        let name = KeyName(channel, prefix: prefix)
        let words =
            switch name?.kind {
            case "prices": (try? PriceTick(json: payload.span)).map(Self.line)
            case "candles": (try? PriceAggregate(json: payload.span)).map { Self.line($0, name?.window) }
            case "alerts": (try? PriceAlert(json: payload.span)).map(Self.line)
            default: nil as String?
            }
        return Terminal.printable(words ?? "\(channel)  \(String(decoding: payload, as: UTF8.self))")
    }

    private static func line(_ tick: PriceTick) -> String {
        var line = "\(tick.timestamp)  \(tick.coinID)/\(tick.vsCurrency)  \(tick.price)"
        if let change = tick.priceChangePercentage24h { line += "  \(change) % in 24 h" }
        if let size = tick.size { line += "  \(tick.side.map { "\($0.rawValue) " } ?? "")\(size)" }
        return line
    }

    private static func line(_ window: PriceAggregate, _ length: String?) -> String {
        var line = "\(window.windowStart)  \(window.coinID)/\(window.vsCurrency)  candle \(length ?? "")"
        line += "  open \(window.open)  high \(window.high)  low \(window.low)  close \(window.close)"
        if let volume = window.volume { line += "  volume \(volume)" }
        if let vwap = window.vwap { line += "  vwap \(vwap)" }
        if window.revision > 0 { line += "  revision \(window.revision)" }
        if window.synthetic { line += "  synthetic" }
        if window.partial { line += "  partial" }
        return line
    }

    private static func line(_ alert: PriceAlert) -> String {
        "\(alert.triggeredAt)  \(alert.coinID)/\(alert.vsCurrency)  alert \(alert.words)"
    }
}
