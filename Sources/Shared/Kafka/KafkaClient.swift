import CRdKafka
import Glibc
import Logging
import Synchronization

/// Owns one librdkafka client handle, and what its callbacks leave behind.
///
/// The callbacks for errors, deliveries and rebalances run inside poll calls, on the thread that owns the client; the
/// log callback runs on librdkafka's threads and touches nothing here.
///
/// Its end waits for nothing: see ``ClosingClients``.
final class KafkaClient {
    let pointer: OpaquePointer
    let callbacks: Callbacks
    /// Ends waits early when the process is asked to end.
    let stop: StopSignal?
    /// Whether it is a member of a group that it has not left; then its end leaves it, in the background.
    var isMember = false
    private let kind: rd_kafka_type_t

    /// Where a stop can be requested, no blocking call to a broker is longer, so that it is seen in time.
    private static let slice = Duration.seconds(2)

    /// What the callbacks write, and the poll calls read.
    final class Callbacks {
        /// Why no broker can be reached, until one can.
        var unreachable: KafkaError?
        /// The first record that could not be delivered since the last look.
        var deliveryFailure: KafkaError?
        /// How many records could not be delivered.
        var failedDeliveries = 0
        /// Whether a request to end a transaction (EndTxn) was sent and not answered: it may reach the broker yet. Set by
        /// librdkafka's threads.
        let hasUnansweredEndTxn = Atomic<Bool>(false)
        /// Called for a rebalance.
        var rebalance: ((rd_kafka_resp_err_t, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Void)?
    }

    /// Makes a client.
    /// - Parameters:
    ///   - kind: consumer or producer.
    ///   - properties: librdkafka's properties by their names.
    ///   - stop: ends waits early; without it they last as long as they may.
    /// - Throws: when librdkafka refuses a property, naming it; when too many clients hang in their end.
    init(_ kind: rd_kafka_type_t, properties: [String: String], stop: StopSignal? = nil) throws(KafkaError) {
        try ClosingClients.shared.check()
        guard let configuration = rd_kafka_conf_new() else {
            throw KafkaError(refused: "no memory for a Kafka client")
        }
        var owned: OpaquePointer? = configuration
        defer {
            if let owned {
                rd_kafka_conf_destroy(owned)
            }
        }
        var text = [CChar](repeating: 0, count: 512)
        for (name, value) in properties {
            if rd_kafka_conf_set(configuration, name, value, &text, text.count) != RD_KAFKA_CONF_OK {
                throw KafkaError(refused: "the property \(name): \(KafkaClient.string(text))")
            }
        }
        let callbacks = Callbacks()
        rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(callbacks).toOpaque())
        rd_kafka_conf_set_log_cb(configuration, logged)
        rd_kafka_conf_set_error_cb(configuration, failed)
        if kind == RD_KAFKA_PRODUCER {
            rd_kafka_conf_set_dr_msg_cb(configuration, delivered)
            if properties["transactional.id"] != nil {
                let opaque = Unmanaged.passUnretained(callbacks).toOpaque()
                rd_kafka_conf_interceptor_add_on_new(configuration, "tickline", watchAnswers, opaque)
            }
        } else {
            rd_kafka_conf_set_rebalance_cb(configuration, rebalanced)
            rd_kafka_conf_set_offset_commit_cb(configuration, committed)
        }
        guard let pointer = rd_kafka_new(kind, configuration, &text, text.count) else {
            throw KafkaError(refused: KafkaClient.string(text))
        }
        owned = nil
        self.pointer = pointer
        self.callbacks = callbacks
        self.kind = kind
        self.stop = stop
    }

    deinit {
        callbacks.rebalance = nil
        let remains = Remains(pointer: pointer, callbacks: callbacks)
        let isProducer = kind == RD_KAFKA_PRODUCER
        let flags = isMember ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE
        ClosingClients.shared.close {
            if isProducer {
                // What is still queued will not be sent: its sender has given it up.
                rd_kafka_purge(
                    remains.pointer,
                    RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING
                )
            }
            rd_kafka_destroy_flags(remains.pointer, flags)
            withExtendedLifetime(remains) {}
        }
    }

    /// What a client leaves to the thread that takes it down: nobody else has it any more.
    private struct Remains: @unchecked Sendable {
        let pointer: OpaquePointer
        /// librdkafka points to them until it is gone.
        let callbacks: Callbacks
    }

    /// Asks a broker something, again and again in slices until it answers, the time is up or a stop is requested.
    /// - Throws: what the last slice ended with; ``KafkaError/isInterrupted`` for a stop.
    func ask(
        _ doing: String,
        timeout: Duration,
        _ call: (_ milliseconds: Int32) -> rd_kafka_resp_err_t
    ) throws(KafkaError) {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        let slice = stop == nil ? timeout : Self.slice
        while true {
            if let stop, stop.isRequested {
                throw KafkaError(RD_KAFKA_RESP_ERR__INTR, doing)
            }
            let left = ContinuousClock.now.duration(to: deadline)
            let code = call(max(1, min(left, slice).milliseconds))
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                return
            }
            let error = KafkaError(code, doing)
            let mayPass = error.isTimeout || code == RD_KAFKA_RESP_ERR__TRANSPORT
            if left <= slice || !mayPass {
                throw error
            }
            // Some failures come at once, and would come again as fast.
            usleep(20_000)
        }
    }

    /// The value of one of librdkafka's properties.
    func property(_ name: String) -> String? {
        var text = [CChar](repeating: 0, count: 512)
        var count = text.count
        let code = rd_kafka_conf_get(rd_kafka_conf(pointer), name, &text, &count)
        return code == RD_KAFKA_CONF_OK ? KafkaClient.string(text) : nil
    }

    /// Asks the cluster for its topics.
    /// - Parameter topic: the one topic to ask for; all of them without it (which never creates one).
    func metadata(topic: String? = nil, timeout: Duration) throws(KafkaError) -> [String: Int] {
        var handle: OpaquePointer?
        if let topic {
            handle = rd_kafka_topic_new(pointer, topic, nil)
        }
        defer {
            if let handle {
                rd_kafka_topic_destroy(handle)
            }
        }
        var answer: UnsafePointer<rd_kafka_metadata>?
        try ask("asking for the topics", timeout: timeout) { milliseconds in
            rd_kafka_metadata(pointer, topic == nil ? 1 : 0, handle, &answer, milliseconds)
        }
        guard let answer else { return [:] }
        defer { rd_kafka_metadata_destroy(answer) }
        var topics: [String: Int] = [:]
        for index in 0..<Int(answer.pointee.topic_cnt) {
            let topic = answer.pointee.topics[index]
            if topic.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                topics[String(cString: topic.topic)] = Int(topic.partition_cnt)
            }
        }
        return topics
    }

    /// Why the client can never go on (an idempotent or transactional producer that lost its sequence, or was fenced);
    /// `nil` while it can.
    var fatal: KafkaError? {
        var text = [CChar](repeating: 0, count: 512)
        let code = rd_kafka_fatal_error(pointer, &text, text.count)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, KafkaClient.string(text), isFatal: true)
    }

    /// Makes a producer keep a partition with its queue when a broker says that the topic doesn't exist, as one that is
    /// loading after a start does. Otherwise librdkafka fails every queued record with `_UNKNOWN_PARTITION`.
    ///
    /// There is no call for that alone: asking for a partition's cached offsets marks it as "desired", as an assigned
    /// partition of a consumer is (`rd_kafka_toppar_get2` in librdkafka's rdkafka_partition.c, 2.0.2 to 2.12). It asks
    /// no broker.
    func keep(_ partition: TopicPartition) {
        var (low, high): (Int64, Int64) = (0, 0)
        rd_kafka_get_watermark_offsets(pointer, partition.topic, partition.partition, &low, &high)
    }

    /// The first offset that is still there, and the one that the next record will get (or, with `read_committed`, the
    /// first of an open transaction).
    func watermarkOffsets(of partition: TopicPartition, timeout: Duration) throws(KafkaError) -> Range<Int64> {
        var low: Int64 = 0
        var high: Int64 = 0
        try ask("asking for the offsets of \(partition)", timeout: timeout) { milliseconds in
            rd_kafka_query_watermark_offsets(
                pointer,
                partition.topic,
                partition.partition,
                &low,
                &high,
                milliseconds
            )
        }
        return low..<max(low, high)
    }

    /// The earliest offsets whose records were produced at or after a time; the end where there is none.
    func offsets(
        of partitions: [TopicPartition],
        at milliseconds: Int64,
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions.lazy.map { (key: $0, value: milliseconds) })
        let entries = list.pointer
        try ask("asking for the offsets at a time", timeout: timeout) { milliseconds in
            rd_kafka_offsets_for_times(pointer, entries, milliseconds)
        }
        var result: [TopicPartition: Int64] = [:]
        for (partition, offset, error) in list.entries {
            try KafkaError.check(error, "asking for the offset of \(partition) at a time")
            result[partition] = offset >= 0 ? offset : try watermarkOffsets(of: partition, timeout: timeout).upperBound
        }
        return result
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Where librdkafka's own log lines go.
private let log = Logger(label: "librdkafka")

/// What librdkafka says of faults that we answer, and report in our own words, once: broken connections (`FAIL`;
/// ``BrokerWatch``), a session that ended (`SESSTMOUT`; a rebalance follows), a transaction that can't go on (`TXNERR`,
/// `ADDPARTS`, `ADDOFFSETS`, `FATAL`; the call for it throws), a start that is tried again (`GETPID`), records given up
/// with their producer (`TERMINATE`), topics that a broker that is loading doesn't know yet (`PARTCNT`). AUTOCREATE only
/// says that the broker is the mock cluster.
private let answered: Set<String> = [
    "FAIL", "SESSTMOUT", "TXNERR", "ADDPARTS", "ADDOFFSETS", "FATAL", "GETPID", "TERMINATE", "PARTCNT",
    "AUTOCREATE",
]

/// Receives librdkafka's log lines, on its threads.
private func logged(_: OpaquePointer?, level: Int32, facility: UnsafePointer<CChar>?, text: UnsafePointer<CChar>?) {
    guard let text else {
        return
    }
    // syslog's levels: 0-3 errors, 4 warning, 5 notice, 6 info, 7 debug.
    let facility = facility.map { String(cString: $0) } ?? ""
    let severity: Logger.Level =
        answered.contains(facility) ? .debug : level <= 2 ? .error : level <= 4 ? .warning : level <= 6 ? .info : .debug
    log.log(level: severity, "\(String(cString: text))", metadata: ["facility": "\(facility)"])
}

private func callbacks(_ opaque: UnsafeMutableRawPointer?) -> KafkaClient.Callbacks? {
    opaque.map { Unmanaged<KafkaClient.Callbacks>.fromOpaque($0).takeUnretainedValue() }
}

/// Receives client-wide errors, inside a poll call. Only "all brokers down" changes anything: librdkafka answers the
/// others itself, and logs them.
private func failed(
    _: OpaquePointer?,
    code: Int32,
    reason: UnsafePointer<CChar>?,
    opaque: UnsafeMutableRawPointer?
) {
    let code = rd_kafka_resp_err_t(rawValue: code)
    let reason = reason.map { String(cString: $0) }
    if code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__AUTHENTICATION
        || code == RD_KAFKA_RESP_ERR__RESOLVE || code == RD_KAFKA_RESP_ERR__FATAL
    {
        callbacks(opaque)?.unreachable = KafkaError(code, reason)
    }
}

/// Receives the fate of each record, or of each failed one (`delivery.report.only.error`), inside a poll call.
private func delivered(
    _: OpaquePointer?,
    message: UnsafePointer<rd_kafka_message_t>?,
    opaque: UnsafeMutableRawPointer?
) {
    guard let message, message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR, let callbacks = callbacks(opaque) else {
        return
    }
    callbacks.failedDeliveries += 1
    if callbacks.deliveryFailure == nil {
        let topic = String(cString: rd_kafka_topic_name(message.pointee.rkt))
        callbacks.deliveryFailure = KafkaError(message.pointee.err, "a record for \(topic) was not delivered")
    }
}

/// EndTxn's number in Kafka's protocol.
private let endTxn: Int16 = 26

/// Has every answer of a new client looked at.
private func watchAnswers(
    client: OpaquePointer?,
    _: OpaquePointer?,
    opaque: UnsafeMutableRawPointer?,
    _: UnsafeMutablePointer<CChar>?,
    _: Int
) -> rd_kafka_resp_err_t {
    rd_kafka_interceptor_add_on_response_received(client, "tickline", answerReceived, opaque)
}

/// Receives every answer, and the want of one (a broken connection, a time-out) as an error, on librdkafka's threads.
private func answerReceived(
    _: OpaquePointer?,
    socket: Int32,
    broker: UnsafePointer<CChar>?,
    brokerID: Int32,
    request: Int16,
    version: Int16,
    correlation: Int32,
    size: Int,
    roundTrip: Int64,
    error: rd_kafka_resp_err_t,
    opaque: UnsafeMutableRawPointer?
) -> rd_kafka_resp_err_t {
    if request == endTxn, error != RD_KAFKA_RESP_ERR_NO_ERROR {
        callbacks(opaque)?.hasUnansweredEndTxn.store(true, ordering: .releasing)
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR
}

/// Receives the fate of a commit that nobody waits for, inside a poll call. That one fails while the brokers are away, or
/// the group moves, is in the nature of things, and the next one makes up for it; a refusal isn't.
private func committed(
    _: OpaquePointer?,
    code: rd_kafka_resp_err_t,
    partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _: UnsafeMutableRawPointer?
) {
    if code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR__NO_OFFSET {
        let error = KafkaError(code, "committing offsets")
        log.log(level: error.isConnectivity || error.isRebalance ? .debug : .warning, "\(error)")
    }
}

/// Receives a rebalance, inside a poll or close call. It must be answered: otherwise closing waits for ever.
private func rebalanced(
    client: OpaquePointer?,
    code: rd_kafka_resp_err_t,
    partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    opaque: UnsafeMutableRawPointer?
) {
    if let partitions, let rebalance = callbacks(opaque)?.rebalance {
        rebalance(code, partitions)
    } else {
        rd_kafka_assign(client, nil)
    }
}

extension Duration {
    /// Whole milliseconds, as librdkafka's timeouts are; at most 24 days.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let total = seconds.multipliedReportingOverflow(by: 1_000)
        let fraction = attoseconds / 1_000_000_000_000_000
        return total.overflow ? Int32.max : Int32(clamping: total.partialValue &+ fraction)
    }
}
