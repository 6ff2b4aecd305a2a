import Shared

/// How much memory the coins of one partition may take.
///
/// Whoever may write to `prices.raw` can name as many coins as they like, so a coin beyond this is refused, not the whole
/// process killed.
public struct CoinMemory: Sendable, Hashable {
    /// Bytes.
    public let limit: Int

    /// So many bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// No limit: for tests and measurements.
    public static let unlimited = CoinMemory(limit: .max)
}
