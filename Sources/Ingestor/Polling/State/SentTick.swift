import Shared

/// The last tick that was sent of a coin, as `ingestor.state` keeps it.
struct SentTick: StateValue {
    /// The event time that was sent.
    var timestamp: EventTime
    /// The price that was sent.
    var price: Price
    /// The row's own `last_updated`, if it had one: it differs from the event time when it wasn't believed.
    var lastUpdated: EventTime?

    /// A tick.
    init(timestamp: EventTime, price: Price, lastUpdated: EventTime?) {
        self.timestamp = timestamp
        self.price = price
        self.lastUpdated = lastUpdated
    }

    init(json: Span<UInt8>) throws(JSONError) {
        var (timestamp, price, lastUpdated): (EventTime?, Price?, EventTime?)
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "timestamp": timestamp = try scanner.eventTime()
            case "price": price = try scanner.price()
            case "last_updated": lastUpdated = try scanner.eventTime()
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        guard let timestamp, let price else { throw JSONError(.missingField("timestamp, price"), at: 0) }
        self.init(timestamp: timestamp, price: price, lastUpdated: lastUpdated)
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("timestamp", timestamp)
        writer.member("price", price)
        writer.member("last_updated", lastUpdated)
        writer.endObject()
    }
}
