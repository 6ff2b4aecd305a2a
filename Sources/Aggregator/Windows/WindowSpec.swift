import Shared

/// One kind of window that every coin gets: how long it is and how often one starts.
///
/// Windows are half-open `[start, end)` and start at multiples of `slide` since the Unix epoch. "Sliding" means what
/// Flink and ksqlDB call hopping: a window of a fixed size that starts every `slide`.
public struct WindowSpec: Sendable, Hashable {
    /// Tumbling or sliding.
    public var kind: PriceAggregate.Window
    /// The length in microseconds.
    public var size: Int64
    /// The distance between two starts in microseconds; equal to `size` for tumbling windows.
    public var slide: Int64

    /// Windows that touch.
    /// - Parameter size: the length in microseconds.
    public static func tumbling(_ size: Int64) -> WindowSpec {
        WindowSpec(kind: .tumbling, size: size, slide: size)
    }

    /// Windows that overlap.
    /// - Parameters:
    ///   - size: the length in microseconds.
    ///   - slide: the distance between two starts in microseconds.
    public static func sliding(_ size: Int64, every slide: Int64) -> WindowSpec {
        WindowSpec(kind: .sliding, size: size, slide: slide)
    }
}
