import CRdKafka

/// Reads partitions that it names itself, outside any group: to restore state, to follow a small topic whole, to test.
///
/// It belongs to the thread that made it.
public final class KafkaReader {
    private let client: KafkaClient
    private let fetched: FetchQueue
    private let heartbeat: Heartbeat?

    /// Makes a reader.
    /// - Parameters:
    ///   - settings: where the brokers are, and properties from the environment.
    ///   - readCommitted: true hides records of open and aborted transactions.
    ///   - properties: more of librdkafka's properties; those from the environment win over them.
    ///   - stop: ends every wait for a broker early.
    ///   - heartbeat: gets a beat for each turn of ``readToEnd(of:from:timeout:_:)``, which may last.
    public init(
        settings: KafkaSettings,
        readCommitted: Bool = true,
        properties: [String: String] = [:],
        stop: StopSignal? = nil,
        heartbeat: Heartbeat? = nil
    ) throws(KafkaError) {
        self.heartbeat = heartbeat
        var properties = properties
        // A consumer must name a group even if it never joins one.
        properties["group.id"] = "\(settings.clientID)-reader"
        properties["enable.partition.eof"] = "true"
        client = try KafkaClient(
            RD_KAFKA_CONSUMER,
            properties: settings.consumerProperties(
                readCommitted: readCommitted,
                resetsToEarliest: false,
                with: properties
            ),
            stop: stop
        )
        fetched = try FetchQueue(client: client)
    }

    /// Asks the broker: the first offset that is still there, and the end (with `readCommitted`, of what is committed).
    public func watermarkOffsets(
        of partition: TopicPartition,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> Range<Int64> {
        try client.watermarkOffsets(of: partition, timeout: timeout)
    }

    /// The first offsets whose records were produced at or after a time (ms since the epoch), or the ends.
    public func offsets(
        of partitions: [TopicPartition],
        at milliseconds: Int64,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try client.offsets(of: partitions, at: milliseconds, timeout: timeout)
    }

    /// How many partitions each topic of the cluster has.
    public func topics(timeout: Duration = .seconds(10)) throws(KafkaError) -> [String: Int] {
        try client.metadata(timeout: timeout)
    }

    /// Follows these partitions from these offsets, instead of what it read before.
    public func assign(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
        try fetched.assign(offsets)
    }

    /// Hands out at most `max` records (10 000 at most), waiting at most `timeout` for the first one.
    /// - Returns: how many records were handed out.
    @discardableResult
    public func poll(max: Int, timeout: Duration, _ body: (KafkaRecord) throws -> Void) throws -> Int {
        try fetched.poll(max: max, timeout: timeout, body)
    }

    /// The assigned partitions, and for each the first offset that was not handed out yet.
    public var positions: [TopicPartition: Int64] {
        Dictionary(uniqueKeysWithValues: fetched.slots.map { ($0.partition, $0.next) })
    }

    /// Reads one partition to its end and returns the offset there.
    ///
    /// The end is the last record that anybody has written, not the last committed one: with `readCommitted` this waits
    /// for an open transaction to be committed or aborted, if need be by the broker's own time-out for it.
    /// - Parameters:
    ///   - start: the first offset to read; the earliest one without it.
    ///   - timeout: how long to wait for the end.
    /// - Throws: a ``KafkaError`` that is a time-out when the end did not come in time, or interrupted when a stop was
    ///   requested; what `body` threw.
    @discardableResult
    public func readToEnd(
        of partition: TopicPartition,
        from start: Int64? = nil,
        timeout: Duration,
        _ body: (KafkaRecord) throws -> Void
    ) throws -> Int64 {
        let start = try start ?? watermarkOffsets(of: partition).lowerBound
        let deadline = ContinuousClock.now.advanced(by: timeout)
        try fetched.assign([partition: start])
        defer { fetched.unassign() }
        while true {
            heartbeat?.beat()
            try fetched.poll(max: 10_000, timeout: .milliseconds(100), body)
            if let end = fetched.slots.first?.end, end >= highWatermark(of: partition) {
                return end
            }
            if let stop = client.stop, stop.isRequested {
                throw KafkaError(RD_KAFKA_RESP_ERR__INTR, "reading \(partition) to its end")
            }
            if ContinuousClock.now >= deadline {
                throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "reading \(partition) to its end")
            }
        }
    }

    /// Reads a part of one partition, whose end was seen before and may have been passed since.
    ///
    /// With `readCommitted` this waits for open transactions below the end.
    /// - Parameters:
    ///   - range: the offsets; its end is at most one behind the last record that anybody has written.
    ///   - patience: how long to wait for another record.
    /// - Throws: as ``readToEnd(of:from:timeout:_:)``.
    public func read(
        _ partition: TopicPartition,
        _ range: Range<Int64>,
        patience: Duration,
        _ body: (KafkaRecord) throws -> Void
    ) throws {
        if range.isEmpty { return }
        try fetched.assign([partition: range.lowerBound])
        defer { fetched.unassign() }
        var deadline = ContinuousClock.now.advanced(by: patience)
        while true {
            heartbeat?.beat()
            let count = try fetched.poll(max: 10_000, timeout: .milliseconds(100)) { record in
                if record.offset < range.upperBound { try body(record) }
            }
            guard let slot = fetched.slots.first else { return }
            // Behind the last record there may be nothing but the marker of its transaction.
            if max(slot.next, slot.end ?? 0) >= range.upperBound { return }
            let doing = "reading \(partition) from \(slot.next) to \(range.upperBound)"
            if let stop = client.stop, stop.isRequested { throw KafkaError(RD_KAFKA_RESP_ERR__INTR, doing) }
            if count > 0 {
                deadline = .now.advanced(by: patience)
            } else if ContinuousClock.now >= deadline {
                throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, doing)
            }
        }
    }

    /// The partition's high watermark as the last fetch answered it: it counts open transactions too.
    private func highWatermark(of partition: TopicPartition) -> Int64 {
        var low: Int64 = 0
        var high: Int64 = 0
        let code = rd_kafka_get_watermark_offsets(
            client.pointer,
            partition.topic,
            partition.partition,
            &low,
            &high
        )
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? high : 0
    }
}
