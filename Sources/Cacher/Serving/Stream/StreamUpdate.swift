import Shared

/// Something that changed: what Redis published, as the API writes it.
struct StreamUpdate: Sendable {
    /// What it is.
    var kind: StreamKind
    /// Whose it is.
    var coin: CoinKey
    /// The JSON, which has no line break.
    var data: [UInt8]
}
