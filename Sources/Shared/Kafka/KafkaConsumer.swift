import CRdKafka
import Logging

/// A member of a consumer group. It belongs to the thread that made it: every call, and every callback, is on it.
///
/// The eager `range` assignor is used on purpose: librdkafka 2.0.2's cooperative one is broken. Offsets are never
/// committed or stored unasked, and a position that the broker no longer has is an error, not a jump, unless the
/// options say otherwise.
public final class KafkaConsumer: GroupMember {
    /// What a consumer does beyond the common settings.
    public struct Options: Sendable {
        /// True hides records of open and aborted transactions.
        public var readCommitted: Bool
        /// True goes to the earliest record when a position is out of range; false makes it an error.
        public var resetsToEarliest: Bool
        /// More of librdkafka's properties; those from the environment win over them.
        public var properties: [String: String]

        /// Makes options.
        public init(readCommitted: Bool = true, resetsToEarliest: Bool = false, properties: [String: String] = [:]) {
            self.readCommitted = readCommitted
            self.resetsToEarliest = resetsToEarliest
            self.properties = properties
        }
    }

    /// A group's name, generation and member id, which fence a zombie's transaction (KIP-447).
    public final class GroupMetadata {
        let pointer: OpaquePointer

        init?(_ client: OpaquePointer) {
            guard let pointer = rd_kafka_consumer_group_metadata(client) else {
                return nil
            }
            self.pointer = pointer
        }

        deinit {
            rd_kafka_consumer_group_metadata_destroy(pointer)
        }
    }

    private let client: KafkaClient
    private let fetched: FetchQueue
    private let handler: any RebalanceHandler
    private var isClosed = false
    /// Whether our partitions were known to belong to somebody else before a seek.
    private var isLost = false
    private let log = Logger(label: "kafka")

    /// How long leaving the group may take: a few round trips when the broker is well.
    private static let leaveTimeout = Duration.seconds(2)
    /// How long all questions for the offsets to start from may take when partitions are taken over.
    private static let lookupTimeout = Duration.seconds(20)

    /// Makes a consumer; it joins the group when it is subscribed and polled.
    /// - Parameters:
    ///   - settings: where the brokers are, and properties from the environment.
    ///   - group: the group's name.
    ///   - handler: told of partitions that come and go.
    ///   - stop: ends every wait for a broker early.
    /// - Throws: ``KafkaError`` when a property is refused.
    public init(
        settings: KafkaSettings,
        group: String,
        options: Options = Options(),
        handler: any RebalanceHandler,
        stop: StopSignal? = nil
    ) throws(KafkaError) {
        var properties = options.properties
        properties["group.id"] = group
        properties["partition.assignment.strategy"] = "range"
        // The end of a partition is told, so that lag doesn't count the markers of transactions.
        properties["enable.partition.eof"] = "true"
        client = try KafkaClient(
            RD_KAFKA_CONSUMER,
            properties: settings.consumerProperties(
                readCommitted: options.readCommitted,
                resetsToEarliest: options.resetsToEarliest,
                with: properties
            ),
            stop: stop
        )
        fetched = try FetchQueue(client: client)
        self.handler = handler
        client.callbacks.rebalance = { [unowned self] code, partitions in
            self.rebalance(code, PartitionList.entries(of: partitions).map(\.partition))
        }
    }

    deinit {
        client.callbacks.rebalance = nil
    }

    /// Joins the group for these topics.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        client.isMember = true
        let list = PartitionList(topics.map { TopicPartition(topic: $0, partition: RD_KAFKA_PARTITION_UA) })
        try KafkaError.check(rd_kafka_subscribe(client.pointer, list.pointer), "subscribing")
    }

    /// Hands out at most `max` records (10 000 at most), waiting at most `timeout` for the first one.
    ///
    /// Call it at least every `max.poll.interval.ms`, also when all partitions are paused: rebalances happen in it.
    /// - Returns: how many records were handed out.
    /// - Throws: what `body` or the rebalance handler threw, or a ``KafkaError``.
    @discardableResult
    public func poll(max: Int, timeout: Duration, _ body: (KafkaRecord) throws -> Void) throws -> Int {
        try fetched.poll(max: max, timeout: timeout, body)
    }

    /// How many partitions a topic has; nil when the broker doesn't know it.
    public func partitionCount(of topic: String, timeout: Duration = .seconds(10)) throws(KafkaError) -> Int? {
        try client.metadata(topic: topic, timeout: timeout)[topic]
    }

    /// The partitions that are ours, and for each the first offset that was not handed out yet.
    public var positions: [TopicPartition: Int64] {
        Dictionary(uniqueKeysWithValues: fetched.slots.map { ($0.partition, $0.next) })
    }

    /// Stops fetching from these partitions.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        try fetched.setPaused(true, partitions)
    }

    /// Fetches from these partitions again.
    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        try fetched.setPaused(false, partitions)
    }

    /// Goes on from other offsets; partitions that aren't named keep their position, those that aren't ours are left out.
    ///
    /// It assigns the partitions again, because `rd_kafka_seek_partitions` refuses one whose position was out of range.
    public func seek(to offsets: [TopicPartition: Int64]) throws(KafkaError) {
        let ours = positions
        // An assignment of nothing would be taken for the answer to a rebalance that is under way.
        if ours.isEmpty {
            return
        }
        // An assignment also makes librdkafka forget that the group has taken the partitions away from us.
        isLost = isLost || rd_kafka_assignment_lost(client.pointer) != 0
        try fetched.assign(ours.merging(offsets.filter { ours[$0.key] != nil }) { _, new in new })
    }

    /// Commits to the group: for each partition the next offset to read, which is the last one done + 1.
    /// - Parameter wait: how long to wait for the broker's answer; nil not at all.
    /// - Throws: ``KafkaError``, also when there is no answer in time.
    public func commit(_ offsets: [TopicPartition: Int64], wait: Duration?) throws(KafkaError) {
        if offsets.isEmpty {
            return
        }
        let doing = "committing offsets"
        let list = PartitionList(offsets)
        guard let wait else {
            return try KafkaError.check(rd_kafka_commit(client.pointer, list.pointer, 1), doing)
        }
        // librdkafka's own waiting commit knows no time-out.
        guard let answers = rd_kafka_queue_new(client.pointer) else {
            throw KafkaError(refused: "no memory for a queue")
        }
        defer { rd_kafka_queue_destroy(answers) }
        try KafkaError.check(rd_kafka_commit_queue(client.pointer, list.pointer, answers, nil, nil), doing)
        let limit = client.stop?.limit(wait) ?? wait
        guard let event = rd_kafka_queue_poll(answers, limit.milliseconds) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, doing)
        }
        defer { rd_kafka_event_destroy(event) }
        try KafkaError.check(rd_kafka_event_error(event), doing)
    }

    /// The offsets the group has committed, for the partitions that have one.
    public func committed(_ partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions)
        let entries = list.pointer
        try client.ask("asking for the committed offsets", timeout: .seconds(10)) { milliseconds in
            rd_kafka_committed(client.pointer, entries, milliseconds)
        }
        var result: [TopicPartition: Int64] = [:]
        for (partition, offset, error) in list.entries {
            try KafkaError.check(error, "asking for the committed offset of \(partition)")
            if offset >= 0 {
                result[partition] = offset
            }
        }
        return result
    }

    /// Asks the broker: the first offset that is still there, and the end (with `readCommitted`, of what is committed).
    public func watermarkOffsets(
        of partition: TopicPartition,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> Range<Int64> {
        try client.watermarkOffsets(of: partition, timeout: timeout)
    }

    /// As ``watermarkOffsets(of:timeout:)``, of many partitions with as many requests as for one.
    public func watermarkOffsets(
        of partitions: [TopicPartition],
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> [TopicPartition: Range<Int64>] {
        try client.watermarkOffsets(of: partitions, timeout: timeout)
    }

    /// The earliest offsets whose records were produced at or after a time (ms since the epoch); nothing where there is none.
    public func firstOffsets(
        of partitions: [TopicPartition],
        since milliseconds: Int64,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try client.firstOffsets(of: partitions, since: milliseconds, timeout: timeout)
    }

    /// Whether everything before an offset has been handed out, the markers of transactions aside.
    public func hasRead(_ partition: TopicPartition, to offset: Int64) -> Bool {
        guard let slot = fetched.slots.first(where: { $0.partition == partition }) else { return false }
        return max(slot.next, slot.end ?? 0) >= offset
    }

    /// How many offsets lie between a partition's position and its end, as of the last fetch; no request is made.
    ///
    /// A partition that has been read to its end has none, although a transaction's marker may stand behind the last
    /// record; an open transaction counts.
    public func lag(of partition: TopicPartition) -> Int64? {
        guard let slot = fetched.slots.first(where: { $0.partition == partition }), let end = end(of: partition) else {
            return nil
        }
        return max(0, end - max(slot.next, slot.end ?? 0))
    }

    /// Where a partition ends, open transactions included, as of the last fetch; nil before the first one. No request is
    /// made.
    public func end(of partition: TopicPartition) -> Int64? {
        var low: Int64 = 0
        var high: Int64 = 0
        let code = rd_kafka_get_watermark_offsets(
            client.pointer,
            partition.topic,
            partition.partition,
            &low,
            &high
        )
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
    }

    /// Leaves the group. The handler's `revoked` is called first, or `lost` if `abandon` is true: then nothing in hand
    /// may be committed any more.
    ///
    /// Returns within seconds whatever the broker does: a group that can't be left notices when the session ends.
    public func close(abandon: Bool = false) {
        if isClosed {
            return
        }
        isClosed = true
        if !fetched.slots.isEmpty {
            giveBack(positions.keys.sorted(), abandon: abandon)
        }
        client.isMember = false
        let timeout = max(.milliseconds(100), client.stop?.limit(Self.leaveTimeout) ?? Self.leaveTimeout)
        if !fetched.leaveGroup(timeout: timeout) {
            log.info("the group was not left in time; it notices when the session ends")
        }
    }

    /// What the broker checks when a transaction is committed.
    public func groupMetadata() throws(KafkaError) -> GroupMetadata {
        guard let metadata = GroupMetadata(client.pointer) else {
            throw KafkaError(refused: "the consumer has no group")
        }
        return metadata
    }

    private func rebalance(_ code: rd_kafka_resp_err_t, _ partitions: [TopicPartition]) {
        if isClosed {
            fetched.unassign()
            return
        }
        guard code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS else {
            giveBack(partitions, abandon: false)
            return
        }
        do {
            var offsets = try handler.assigned(partitions, of: self)
            let missing = partitions.filter { offsets[$0] == nil }
            if !missing.isEmpty {
                offsets.merge(try committed(missing)) { given, _ in given }
                let new = missing.filter { offsets[$0] == nil }
                for (partition, available) in try watermarkOffsets(of: new, timeout: Self.lookupTimeout) {
                    offsets[partition] = available.lowerBound
                }
            }
            try fetched.assign(offsets.filter { partitions.contains($0.key) })
        } catch {
            // The poll that throws this can't go on: the group counts on us to read what we can't.
            fetched.failure = (error as? KafkaError).map { FailedAssignment(cause: $0) } ?? error
            fetched.unassign()
        }
    }

    private func giveBack(_ partitions: [TopicPartition], abandon: Bool) {
        if abandon || isLost || rd_kafka_assignment_lost(client.pointer) != 0 {
            handler.lost(partitions)
        } else {
            handler.revoked(partitions, of: self)
        }
        isLost = false
        fetched.unassign()
    }
}
