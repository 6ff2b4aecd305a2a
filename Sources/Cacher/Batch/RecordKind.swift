/// What a record brings; its name is that of the stream it goes into, without `stream:`.
enum RecordKind: String, Sendable, CaseIterable {
    case price = "prices"
    case candle = "candles"
    case alert = "alerts"
}
