import Synchronization

/// What the streams carry, for `/v1/status` and the metrics: counted on the event loop, read anywhere.
final class StreamTraffic: Sendable {
    private let readerCount = Atomic(0)
    private let eventCount = Atomic(0)

    /// How many read a stream now.
    var readers: Int {
        get { readerCount.load(ordering: .relaxed) }
        set { readerCount.store(newValue, ordering: .relaxed) }
    }

    /// How many updates came from Redis since the start.
    var events: Int { eventCount.load(ordering: .relaxed) }

    /// Counts updates.
    func add(events: Int) {
        eventCount.add(events, ordering: .relaxed)
    }
}
