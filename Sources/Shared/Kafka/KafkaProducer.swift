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

        /// How long a record may wait to be handed over: the broker aborts a transaction that is open for longer than
        /// its `transaction.timeout.ms`.
        var patience: Duration {
            switch self {
            case .idempotent: .seconds(60)
            case .transactional: .seconds(10)
            }
        }
    }

    /// How long one look for a topic's partitions may take.
    private static let lookTimeout: Duration = .milliseconds(500)
    /// How long to wait between two attempts to hand the same record over: twice as long each time, so that a full queue is
    /// filled again while the broker works off the rest of it, and one that stays full costs nothing.
    private static let attemptPauses: (first: Duration, last: Duration) = (.milliseconds(1), .milliseconds(100))
    /// No blocking call is longer, so that a stop that is requested meanwhile is seen in time.
    static let slice = Duration.milliseconds(500)

    private(set) var client: KafkaClient
    private let makeClient: () throws(KafkaError) -> KafkaClient
    private let patience: Duration
    private var sinceServed = 0
    /// Whether the open transaction can only be aborted, as far as is known.
    var hasFailed = false
    /// Why this handle can't be used any more: a call of it was left behind.
    var givenUp: KafkaError?

    /// How many records were handed over since the start.
    public private(set) var sent = 0

    /// Makes a producer; a transactional one must call ``initTransactions(timeout:)`` first.
    /// - Parameter stop: ends the waits for a broker early: at once where nothing is in hand, otherwise when its time is up.
    /// - Throws: ``KafkaError`` when a property is refused.
    public init(
        settings: KafkaSettings,
        mode: Mode,
        properties: [String: String] = [:],
        stop: StopSignal? = nil
    ) throws(KafkaError) {
        var properties = properties
        if case .transactional(let id) = mode {
            properties["transactional.id"] = id
        }
        let all = settings.producerProperties(with: properties)
        makeClient = { () throws(KafkaError) in try KafkaClient(RD_KAFKA_PRODUCER, properties: all, stop: stop) }
        client = try makeClient()
        patience = mode.patience
    }

    /// Makes a topic ready to be written to.
    /// - Parameter schema: the value of the header `schema` of each record, for example `price-tick/1`.
    public func topic(_ name: String, schema: String? = nil) throws(KafkaError) -> DestinationTopic {
        try DestinationTopic(name, schema: schema, client: client)
    }

    /// Looks for a topic's partitions, so that the first record to it can be handed over even if the brokers go away before.
    /// - Throws: ``KafkaError`` when they don't answer, or know no such topic; the first record looks again.
    public func look(for topic: DestinationTopic) throws(KafkaError) {
        try topic.keep(by: client, timeout: Self.lookTimeout)
    }

    /// Hands a record over; its bytes are copied. Waits as long as librdkafka's queue is full, and as long as the brokers
    /// don't know the topic: one that is loading after a start says so of every topic.
    /// - Parameters:
    ///   - partition: the partition to write to; chosen by the key without it.
    ///   - value: the bytes; `nil` is a tombstone.
    ///   - headers: headers beside the topic's `schema`.
    ///   - hasSchema: whether it gets the header `schema`. On a small record a header costs more than the record: librdkafka
    ///     allocates it on one thread and frees it on another.
    ///   - patience: how long to wait; without it a minute, in a transaction 10 s.
    public func send(
        to topic: DestinationTopic,
        partition: Int32? = nil,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader] = [],
        hasSchema: Bool = true,
        patience: Duration? = nil
    ) throws(KafkaError) {
        let partition = partition ?? RD_KAFKA_PARTITION_UA
        var deadline: ContinuousClock.Instant?
        var pause = Self.attemptPauses.first
        let schema = hasSchema ? topic.schema : nil
        while true {
            let isKept = topic.isKept(by: client)
            let code =
                isKept ? produce(topic, partition, key, value, schema, headers) : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                break
            }
            var failure = client.fatal ?? KafkaError(code, "writing a record to \(topic.name)")
            guard failure.isBackPressure else { throw failure }
            let limit = deadline ?? .now.advanced(by: patience ?? self.patience)
            deadline = limit
            if !failure.isQueueFull {
                do throws(KafkaError) {
                    try topic.keep(by: client, timeout: Self.lookTimeout)
                    if !isKept { continue }
                } catch {
                    failure = error
                }
            }
            if .now >= limit || client.stop?.limit(Self.slice) == .zero { throw failure }
            // Only failures are reported, so the poll sleeps to its end however fast the queue empties.
            rd_kafka_poll(client.pointer, pause.milliseconds)
            pause = min(pause * 2, Self.attemptPauses.last)
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
        if client.callbacks.unreachable != nil, (try? client.checkConnection(timeout: .milliseconds(500))) != nil {
            client.callbacks.noteReached()
        }
        return client.callbacks.unreachable
    }

    /// Waits until every record is acknowledged.
    /// - Throws: a time-out with how many are outstanding; the first failure to deliver since the last look.
    public func flush(timeout: Duration) throws(KafkaError) {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        var code = RD_KAFKA_RESP_ERR_NO_ERROR
        // In slices, so that a stop that is requested meanwhile shortens it.
        repeat {
            let left = ContinuousClock.now.duration(to: deadline)
            let limit = max(.zero, client.stop?.limit(left) ?? left)
            code = rd_kafka_flush(client.pointer, min(limit, Self.slice).milliseconds)
            if limit <= Self.slice {
                break
            }
        } while code == RD_KAFKA_RESP_ERR__TIMED_OUT
        try throwDeliveryFailure()
        try KafkaError.check(code, "waiting for the acknowledgement of \(outstanding) records")
    }

    /// Takes another handle in place of this one, which is left to end by itself; topics follow with the next record.
    func renew() throws(KafkaError) {
        client = try makeClient()
        givenUp = nil
    }

    /// Throws the first failure to deliver since the last look, once.
    public func throwDeliveryFailure() throws(KafkaError) {
        if let failure = client.callbacks.deliveryFailure {
            client.callbacks.deliveryFailure = nil
            throw failure
        }
    }

    private func produce(
        _ topic: DestinationTopic,
        _ partition: Int32,
        _ key: UnsafeBufferPointer<UInt8>?,
        _ value: UnsafeBufferPointer<UInt8>?,
        _ schema: ContiguousArray<CChar>?,
        _ headers: [KafkaHeader]
    ) -> rd_kafka_resp_err_t {
        let schemaCount = schema.map { $0.count - 1 } ?? 0
        func call(_ schema: UnsafePointer<CChar>?, _ list: OpaquePointer?) -> rd_kafka_resp_err_t {
            tickline_produce(
                client.pointer,
                topic.handle.pointer,
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
            guard let schema else {
                return call(nil, nil)
            }
            return schema.withUnsafeBufferPointer { call($0.baseAddress, nil) }
        }
        let list = rd_kafka_headers_new(headers.count + 1)
        schema?.withUnsafeBufferPointer { schema in
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
