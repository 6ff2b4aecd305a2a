import Shared

/// The ticks of one turn of the pipeline, encoded and ready to send, in buffers that are used again for the next turn.
struct TickBatch {
    /// Where one record stands in ``bytes``.
    struct Record {
        /// The key: the coin's id.
        var key: Range<Int>
        /// The value: one JSON object.
        var value: Range<Int>
    }

    /// The longest value in bytes: what its readers take.
    static let longestValue = RecordLimit.value

    /// The bytes of all records.
    private(set) var bytes: [UInt8] = []
    /// The records in the order they are sent.
    private(set) var records: [Record] = []
    /// The newest event time in the batch.
    private(set) var newest: EventTime?
    private var writer = JSONWriter()
    private var used = 0

    /// Makes an empty batch.
    init() {}

    /// How many ticks it holds.
    var count: Int { records.count }

    /// How many bytes keys and values have.
    var size: Int { used }

    /// Empties it and keeps its memory.
    mutating func reset() {
        records.removeAll(keepingCapacity: true)
        newest = nil
        used = 0
    }

    /// Appends a tick.
    /// - Returns: false when nobody would take it: it has a ``PriceTick/fault``, or its value is longer than
    ///   ``longestValue``; it is left out then.
    mutating func append(_ tick: PriceTick) -> Bool {
        guard tick.fault == nil else { return false }
        writer.reset()
        tick.write(to: &writer)
        let written = writer
        let size = written.count
        guard size <= Self.longestValue else { return false }
        append(key: Array(tick.coinID.utf8), timestamp: tick.timestamp, atMost: size) { target in
            written.withUnsafeBytes { source in
                if let start = source.baseAddress { target.update(from: start, count: size) }
            }
            return size
        }
        return true
    }

    /// Appends a tick whose value is written straight into the buffer.
    /// - Parameters:
    ///   - key: the coin's id.
    ///   - timestamp: the event time in the value.
    ///   - size: the most bytes that `write` may write.
    ///   - write: writes the value at the pointer and says how many bytes it took.
    @inline(__always)
    mutating func append(
        key: [UInt8],
        timestamp: EventTime,
        atMost size: Int,
        _ write: (UnsafeMutablePointer<UInt8>) -> Int
    ) {
        append(
            timestamp: timestamp,
            keyLimit: key.count,
            valueLimit: size,
            key: { target in
                key.withUnsafeBufferPointer { key in
                    if let source = key.baseAddress { target.update(from: source, count: key.count) }
                }
                return key.count
            },
            value: write
        )
    }

    /// Appends a tick that was one before.
    mutating func append(copyOf key: [UInt8], _ value: [UInt8], _ timestamp: EventTime) {
        append(key: key, timestamp: timestamp, atMost: value.count) { target in
            value.withUnsafeBufferPointer { value in
                if let source = value.baseAddress { target.update(from: source, count: value.count) }
            }
            return value.count
        }
    }

    /// Appends a tick whose key and value are written straight into the buffer.
    /// - Parameters:
    ///   - timestamp: the event time in the value.
    ///   - keyLimit: the most bytes that `key` may write.
    ///   - valueLimit: the most bytes that `value` may write.
    ///   - key: writes the coin's id at the pointer and says how many bytes it took.
    ///   - value: does the same for the value.
    @inline(__always)
    mutating func append(
        timestamp: EventTime,
        keyLimit: Int,
        valueLimit: Int,
        key: (UnsafeMutablePointer<UInt8>) -> Int,
        value: (UnsafeMutablePointer<UInt8>) -> Int
    ) {
        let end = used + keyLimit + valueLimit
        if end > bytes.count {
            bytes.append(contentsOf: repeatElement(0, count: max(end, bytes.count * 2) - bytes.count))
        }
        let start = used
        let lengths = bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return (key: 0, value: 0) }
            let length = key(base + start)
            return (key: length, value: value(base + start + length))
        }
        let middle = start + lengths.key
        records.append(Record(key: start..<middle, value: middle..<middle + lengths.value))
        used = middle + lengths.value
        newest = max(newest ?? timestamp, timestamp)
    }
}
