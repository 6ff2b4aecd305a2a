import CRdKafka
import Logging

/// The consuming side of a client: takes records off librdkafka's queue in batches and hands them out one by one.
///
/// librdkafka 2.0.2's batch call may hand over records that it took just before a rebalance or an assignment that the
/// same call served (its CHANGELOG, "consume_batch_queue"). So each assigned partition remembers the offset it expects
/// next: a record from a partition that isn't ours, or from before that offset, is skipped.
///
/// A poll hands out ``byteBudget`` bytes, and at most one record more, whatever their number: so a caller that keeps what
/// it gets knows its memory. The records are taken in portions that the size of those before makes fit; what a portion
/// can hold beyond that is what librdkafka had fetched ahead (`queued.max.messages.kbytes`).
///
/// Its fetcher sleeps for up to a second once `queued.min.messages` are fetched ahead, whatever is taken meanwhile
/// (confluentinc/librdkafka#3662). So it is woken when half of them have gone: little memory, and no pause.
final class FetchQueue {
    /// An assigned partition, and the first offset that has not been handed out yet.
    struct Slot {
        let partition: TopicPartition
        /// The topic's name, for the records of the partition.
        let topic: KafkaRecord.Name
        var next: Int64
        var isPaused = false
        /// The offset at which the partition's end was reported last (`enable.partition.eof`).
        var end: Int64?
    }

    let client: KafkaClient
    /// No access to it calls anything that could access it: so it goes without the check, once for every record.
    @exclusivity(unchecked) private(set) var slots: [Slot] = []
    /// Thrown by the next poll: what a rebalance handler threw.
    var failure: (any Error)?
    /// Bytes of keys and values after which a poll hands out no more.
    static let byteBudget = 4 << 20
    /// Whether librdkafka was left behind in a change of the assignment.
    private var isStuck = false
    /// How long a change of the assignment may take; it takes no more than a wake-up of librdkafka's own thread.
    private static let changeTimeout = Duration.seconds(3)
    private let queue: OpaquePointer
    private let capacity: Int
    /// Bytes of the larger records of late, for the size of the next portion.
    private var recordSize = 64 << 10
    private let messages: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    /// The assigned partitions, each with the "time" that asks for its end.
    private var ends = PartitionList([TopicPartition]())
    /// Half of what librdkafka fetches ahead.
    private let lowWater: Int
    private let log = Logger(label: "kafka")

    init(client: KafkaClient, capacity: Int = 10_000) throws(KafkaError) {
        try KafkaError.check(rd_kafka_poll_set_consumer(client.pointer), "redirecting the client's events")
        guard let queue = rd_kafka_queue_get_consumer(client.pointer) else {
            throw KafkaError(refused: "a consumer needs a group")
        }
        self.client = client
        self.queue = queue
        self.capacity = capacity
        self.lowWater = (client.property("queued.min.messages").flatMap { Int($0) } ?? 100_000) / 2
        self.messages = .allocate(capacity: capacity)
        messages.initialize(repeating: nil, count: capacity)
    }

    deinit {
        messages.deallocate()
        rd_kafka_queue_destroy(queue)
    }

    /// Replaces the assignment; what librdkafka had fetched ahead is thrown away. Pauses are kept.
    func assign(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
        let paused = slots.filter { $0.isPaused && offsets[$0.partition] != nil }.map(\.partition)
        slots = offsets.sorted { $0.key < $1.key }.map {
            Slot(partition: $0.key, topic: KafkaRecord.Name($0.key.topic), next: $0.value)
        }
        ends = PartitionList(offsets.keys.lazy.map { (key: $0, value: Int64(RD_KAFKA_OFFSET_END)) })
        try change(to: offsets)
        try setPaused(true, paused)
    }

    /// Gives the assignment up.
    func unassign() {
        slots = []
        do throws(KafkaError) {
            try change(to: nil)
        } catch {
            if failure == nil { failure = error }
        }
    }

    /// Changes librdkafka's assignment. No broker is asked, so it takes no time; but see ``AssignmentCall``.
    /// - Throws: ``KafkaError``, also when librdkafka doesn't come back: then this client can't go on, and another can.
    private func change(to offsets: [TopicPartition: Int64]?) throws(KafkaError) {
        let doing = "changing the assigned partitions"
        if isStuck { throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, doing) }
        let call = AssignmentCall(client: client, offsets: offsets)
        let deadline = ContinuousClock.now.advanced(by: Self.changeTimeout)
        let stop = client.stop
        let answer: rd_kafka_resp_err_t?
        do throws(ThreadError) {
            answer = try DedicatedThread.run(
                name: "kafka-assign",
                while: { .now < deadline && stop?.limit(Self.changeTimeout) != .zero },
                { call.make() }
            )
        } catch {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "\(doing): \(error)")
        }
        guard let answer else {
            isStuck = true
            log.warning("\(doing): librdkafka doesn't return, another client takes over")
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, doing)
        }
        try KafkaError.check(answer, doing)
    }

    /// Stops or resumes fetching; the group membership is kept as long as poll is called.
    func setPaused(_ pause: Bool, _ partitions: [TopicPartition]) throws(KafkaError) {
        if partitions.isEmpty {
            return
        }
        let list = PartitionList(partitions)
        let call = pause ? rd_kafka_pause_partitions : rd_kafka_resume_partitions
        try KafkaError.check(call(client.pointer, list.pointer), pause ? "pausing" : "resuming")
        for index in slots.indices where partitions.contains(slots[index].partition) {
            slots[index].isPaused = pause
        }
    }

    /// Hands out at most `max` records, waiting at most `timeout` for the first one.
    /// - Returns: how many were handed out.
    @discardableResult
    func poll(max: Int, timeout: Duration, _ body: (KafkaRecord) throws -> Void) throws -> Int {
        var room = min(max, capacity)
        var bytes = Self.byteBudget
        var handedOut = 0
        // Asked for many, librdkafka waits the whole time for the batch to fill: so it is asked for one, and then for
        // what is there.
        var portion = min(room, 1)
        var wait = timeout.milliseconds
        while portion > 0 {
            let count = rd_kafka_consume_batch_queue(queue, wait, messages, portion)
            handedOut += try handOut(count, &bytes, body)
            if count < portion {
                break
            }
            room -= portion
            wait = 0
            portion = bytes > 0 ? min(room, Swift.max(1, bytes / recordSize)) : 0
        }
        return handedOut
    }

    /// Hands out the records of a portion that librdkafka gave.
    private func handOut(_ count: Int, _ bytes: inout Int, _ body: (KafkaRecord) throws -> Void) throws -> Int {
        var index = 0
        var largest = recordSize / 2
        defer {
            while index < count {
                rd_kafka_message_destroy(messages[index])
                index += 1
            }
        }
        if let failure {
            self.failure = nil
            throw failure
        }
        if count < 0 {
            throw KafkaError(rd_kafka_last_error(), "fetching")
        }
        wakeFetcher(taken: count)
        var handedOut = 0
        // Records come in runs of one partition, so its slot is looked up once a run.
        var run: (slot: Int, handle: OpaquePointer?, partition: Int32, topic: KafkaRecord.Name)?
        while index < count {
            prefetch(behind: index, of: count)
            guard let message = messages[index] else {
                index += 1
                continue
            }
            if run == nil || run?.handle != message.pointee.rkt || run?.partition != message.pointee.partition {
                run = slot(of: message).map {
                    ($0, message.pointee.rkt, message.pointee.partition, slots[$0].topic)
                }
            }
            if let run {
                if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                    if message.pointee.offset >= slots[run.slot].next {
                        slots[run.slot].next = message.pointee.offset + 1
                        let size = message.pointee.key_len + message.pointee.len
                        largest = Swift.max(largest, size)
                        bytes -= size
                        handedOut += 1
                        try withExtendedLifetime(run.topic) {
                            try body(KafkaRecord(topic: run.topic, message: message))
                        }
                    }
                } else {
                    try report(message, slot: run.slot)
                }
            } else if message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR, message.pointee.rkt == nil {
                try report(message, slot: nil)
            }
            index += 1
            rd_kafka_message_destroy(message)
        }
        recordSize = Swift.max(largest, 64)
        return handedOut
    }

    /// Asks for the memory of records that come soon: another thread wrote them, and mostly on another core.
    private func prefetch(behind index: Int, of count: Int) {
        if index &+ 4 < count, let message = messages[index &+ 4] { tickline_prefetch(message, 128) }
        if index &+ 2 < count, let message = messages[index &+ 2] {
            tickline_prefetch(message.pointee.payload, message.pointee.len)
        }
    }

    /// Serves librdkafka's way out of the group.
    /// - Returns: whether it was through in time; otherwise the group notices when the session ends.
    func leaveGroup(timeout: Duration) -> Bool {
        // With a queue of its own, because librdkafka redirects the consumer's to it.
        guard let closing = rd_kafka_queue_new(client.pointer) else {
            return false
        }
        defer { rd_kafka_queue_destroy(closing) }
        let deadline = ContinuousClock.now.advanced(by: timeout)
        if let error = rd_kafka_consumer_close_queue(client.pointer, closing) {
            // A client with a fatal error has no other end than its destruction.
            rd_kafka_error_destroy(error)
            return false
        }
        while rd_kafka_consumer_closed(client.pointer) == 0 {
            let left = ContinuousClock.now.duration(to: deadline)
            if left <= .zero {
                return false
            }
            let count = rd_kafka_consume_batch_queue(closing, min(left, .milliseconds(50)).milliseconds, messages, 100)
            for index in 0..<Swift.max(0, count) {
                rd_kafka_message_destroy(messages[index])
            }
        }
        return true
    }

    /// Wakes librdkafka's fetcher if the records just taken were the last above the low water mark.
    ///
    /// Any request to a partition's leader wakes the thread that fetches from it. This one asks for the ends; with a
    /// time-out of 0 it returns at once, and the answer is dropped.
    private func wakeFetcher(taken: Int) {
        let left = rd_kafka_queue_length(queue)
        if left < lowWater, left + taken >= lowWater {
            rd_kafka_offsets_for_times(client.pointer, ends.pointer, 0)
        }
    }

    /// Tells the end of a partition, passes over what time heals, and throws every other event.
    private func report(_ message: UnsafeMutablePointer<rd_kafka_message_t>, slot: Int?) throws(KafkaError) {
        if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            if let slot {
                slots[slot].end = message.pointee.offset
            }
            return
        }
        let reason = rd_kafka_message_errstr(message).map { String(cString: $0) }
        let error = KafkaError(message.pointee.err, slot.map { "\(slots[$0].partition)" } ?? reason)
        // A broker that is loading knows no topic yet; librdkafka asks again, and goes on.
        if error.isConnectivity || error.isRebalance {
            log.info("\(error)")
        } else {
            throw error
        }
    }

    /// Finds the slot a message belongs to.
    private func slot(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> Int? {
        guard let handle = message.pointee.rkt else {
            return nil
        }
        let topic = String(cString: rd_kafka_topic_name(handle))
        let wanted = TopicPartition(topic: topic, partition: message.pointee.partition)
        return slots.firstIndex { $0.partition == wanted }
    }
}
