import CRdKafka

/// Writes records, idempotently (`enable.idempotence`, `acks=all`), and in transactions if it has a transactional id.
///
/// It belongs to the thread that made it. Partitions are chosen as Java's client does (`murmur2_random`), so that a key
/// lands in the same partition number of every topic.
public final class KafkaProducer {
    /// Whether records are written in transactions.
    public enum Mode: Sendable {
        /// Each record on its own, in order and once as long as this producer lives.
        case idempotent
        /// In transactions; a newer producer with the same id fences this one.
        case transactional(id: String)
    }

    /// A topic to write to, made once and used for each record.
    public final class DestinationTopic {
        let pointer: OpaquePointer
        let schema: ContiguousArray<CChar>?

        init(_ pointer: OpaquePointer, schema: String?) {
            self.pointer = pointer
            self.schema = schema.map { ContiguousArray($0.utf8CString) }
        }

        deinit {
            rd_kafka_topic_destroy(pointer)
        }
    }

    private let client: KafkaClient
    private var sinceServed = 0

    /// How many records were handed over since the start.
    public private(set) var sent = 0

    /// Makes a producer; a transactional one must call ``initTransactions(timeout:)`` first.
    /// - Throws: ``KafkaError`` when a property is refused.
    public init(
        settings: KafkaSettings,
        mode: Mode,
        properties: [String: String] = [:]
    ) throws(KafkaError) {
        var properties = properties
        if case .transactional(let id) = mode {
            properties["transactional.id"] = id
        }
        client = try KafkaClient(RD_KAFKA_PRODUCER, properties: settings.producerProperties(with: properties))
    }

    /// Makes a topic ready to be written to.
    /// - Parameter schema: the value of the header `schema` of each record, for example `price-tick/1`.
    public func topic(_ name: String, schema: String? = nil) throws(KafkaError) -> DestinationTopic {
        guard let pointer = rd_kafka_topic_new(client.pointer, name, nil) else {
            throw KafkaError(rd_kafka_last_error(), "the topic \(name)")
        }
        return DestinationTopic(pointer, schema: schema)
    }

    /// Hands a record over; its bytes are copied. When librdkafka's queue is full this waits for room.
    /// - Parameters:
    ///   - partition: the partition to write to; chosen by the key without it.
    ///   - value: the bytes; `nil` is a tombstone.
    ///   - headers: headers beside the topic's `schema`.
    ///   - patience: how long to wait for room.
    public func send(
        to topic: DestinationTopic,
        partition: Int32? = nil,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader] = [],
        patience: Duration = .seconds(60)
    ) throws(KafkaError) {
        let partition = partition ?? RD_KAFKA_PARTITION_UA
        var deadline: ContinuousClock.Instant?
        while true {
            let code = produce(topic, partition, key, value, headers)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                break
            }
            let now = ContinuousClock.now
            let limit = deadline ?? now.advanced(by: patience)
            deadline = limit
            if code != RD_KAFKA_RESP_ERR__QUEUE_FULL || now >= limit {
                throw KafkaError(code, "writing a record to \(String(cString: rd_kafka_topic_name(topic.pointer)))")
            }
            rd_kafka_poll(client.pointer, 100)
        }
        sent += 1
        sinceServed += 1
        if sinceServed == 1_000 {
            serve()
        }
    }

    /// Hands a record over, from text and bytes.
    public func send(
        to topic: DestinationTopic,
        partition: Int32? = nil,
        key: String,
        value: [UInt8]?,
        headers: [KafkaHeader] = []
    ) throws(KafkaError) {
        let key = Array(key.utf8)
        try key.withUnsafeBufferPointer { key throws(KafkaError) in
            guard let value else {
                return try send(to: topic, partition: partition, key: key, value: nil, headers: headers)
            }
            try value.withUnsafeBufferPointer { value throws(KafkaError) in
                try send(to: topic, partition: partition, key: key, value: value, headers: headers)
            }
        }
    }

    /// Serves what librdkafka has to say (deliveries, errors) without waiting; call it when nothing is sent for long.
    public func serve() {
        sinceServed = 0
        rd_kafka_poll(client.pointer, 0)
    }

    /// How many records are neither acknowledged nor failed.
    public var outstanding: Int {
        Int(rd_kafka_outq_len(client.pointer))
    }

    /// How many records could not be delivered since the start.
    public var failed: Int {
        client.callbacks.failedDeliveries
    }

    /// How many records the brokers have acknowledged since the start.
    public var acknowledged: Int {
        max(0, sent - outstanding - failed)
    }

    /// Why no broker can be reached; `nil` when one could be at the last look, which is at most a second old.
    public func unreachable() -> KafkaError? {
        if client.callbacks.unreachable != nil, (try? client.metadata(timeout: .milliseconds(500))) != nil {
            client.callbacks.unreachable = nil
        }
        return client.callbacks.unreachable
    }

    /// How many partitions each topic of the cluster has.
    public func topics(timeout: Duration = .seconds(10)) throws(KafkaError) -> [String: Int] {
        try client.metadata(timeout: timeout)
    }

    /// Waits until every record is acknowledged.
    /// - Throws: a time-out with how many are outstanding; the first failure to deliver since the last look.
    public func flush(timeout: Duration) throws(KafkaError) {
        let code = rd_kafka_flush(client.pointer, timeout.milliseconds)
        try throwDeliveryFailure()
        try KafkaError.check(code, "waiting for the acknowledgement of \(outstanding) records")
    }

    /// Throws the first failure to deliver since the last look, once.
    public func throwDeliveryFailure() throws(KafkaError) {
        if let failure = client.callbacks.deliveryFailure {
            client.callbacks.deliveryFailure = nil
            throw failure
        }
    }

    // MARK: - Transactions

    /// Fences every older producer with the same transactional id, and ends what it had open.
    public func initTransactions(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try again(within: timeout, "starting transactions") { rd_kafka_init_transactions($0, $1) }
    }

    /// Begins a transaction.
    public func beginTransaction() throws(KafkaError) {
        try KafkaError.check(rd_kafka_begin_transaction(client.pointer), "beginning a transaction")
    }

    /// Puts a group's positions into the transaction: the next offset to read, per partition.
    ///
    /// The broker refuses them when the consumer is no longer a member of its group's present generation.
    public func sendOffsets(
        _ offsets: [TopicPartition: Int64],
        of consumer: KafkaConsumer,
        timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        let metadata = try consumer.groupMetadata()
        let list = PartitionList(offsets)
        try again(within: timeout, "putting the offsets into the transaction") {
            rd_kafka_send_offsets_to_transaction($0, list.pointer, metadata.pointer, $1)
        }
    }

    /// Commits: all records and offsets of the transaction become visible at once.
    /// - Throws: an error that says whether it is fatal, requires an abort, or is a time-out.
    public func commitTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try again(within: timeout, "committing a transaction") { rd_kafka_commit_transaction($0, $1) }
        client.callbacks.deliveryFailure = nil
    }

    /// Aborts: nothing of the transaction becomes visible to readers with `read_committed`.
    public func abortTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try again(within: timeout, "aborting a transaction") { rd_kafka_abort_transaction($0, $1) }
        client.callbacks.deliveryFailure = nil
    }

    /// Makes a blocking call again as long as librdkafka says that it may be, until the time is up.
    private func again(
        within timeout: Duration,
        _ doing: String,
        _ call: (OpaquePointer, Int32) -> OpaquePointer?
    ) throws(KafkaError) {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            do throws(KafkaError) {
                return try KafkaError.check(call(client.pointer, max(left.milliseconds, 1)), doing)
            } catch {
                if error.isFatal || error.requiresAbort || !error.isRetriable || left <= .zero {
                    throw error
                }
            }
            rd_kafka_poll(client.pointer, 10)
        }
    }

    private func produce(
        _ topic: DestinationTopic,
        _ partition: Int32,
        _ key: UnsafeBufferPointer<UInt8>?,
        _ value: UnsafeBufferPointer<UInt8>?,
        _ headers: [KafkaHeader]
    ) -> rd_kafka_resp_err_t {
        let schemaCount = topic.schema.map { $0.count - 1 } ?? 0
        func call(_ schema: UnsafePointer<CChar>?, _ list: OpaquePointer?) -> rd_kafka_resp_err_t {
            tickline_produce(
                client.pointer,
                topic.pointer,
                partition,
                key?.baseAddress,
                key?.count ?? 0,
                value == nil ? 0 : 1,
                value?.baseAddress,
                value?.count ?? 0,
                schema,
                schemaCount,
                list
            )
        }
        if headers.isEmpty {
            guard let schema = topic.schema else {
                return call(nil, nil)
            }
            return schema.withUnsafeBufferPointer { call($0.baseAddress, nil) }
        }
        let list = rd_kafka_headers_new(headers.count + 1)
        topic.schema?.withUnsafeBufferPointer { schema in
            _ = rd_kafka_header_add(list, "schema", -1, schema.baseAddress, schemaCount)
        }
        for header in headers {
            header.value.withUnsafeBytes { bytes in
                _ = rd_kafka_header_add(list, header.name, -1, bytes.baseAddress, bytes.count)
            }
        }
        let code = call(nil, list)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR, let list {
            rd_kafka_headers_destroy(list)
        }
        return code
    }
}
