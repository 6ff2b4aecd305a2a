import CRdKafka
import Logging
import Synchronization

/// What the callbacks write, and the poll calls read.
final class KafkaCallbacks {
    /// Why no broker can be reached, until one can.
    private(set) var unreachable: KafkaError?
    /// What happened to the last connection that failed. librdkafka says the same only once in 30 s.
    private var failure: KafkaError?
    /// Why the last certificate was refused. Set by librdkafka's threads.
    fileprivate let certificateProblem = Mutex<String?>(nil)
    /// The first record that could not be delivered since the last look.
    var deliveryFailure: KafkaError?
    /// How many records could not be delivered.
    var failedDeliveries = 0
    /// Whether a request to end a transaction (EndTxn) was sent and not answered: it may reach the broker yet. Set by
    /// librdkafka's threads.
    let hasUnansweredEndTxn = Atomic<Bool>(false)
    /// How often a topic's number of partitions has changed, also to none and back. Set by librdkafka's threads.
    let partitionChanges = Atomic<Int>(0)
    /// Called for a rebalance.
    var rebalance: ((rd_kafka_resp_err_t, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Void)?

    /// A broker was reached.
    func noteReached() {
        (unreachable, failure) = (nil, nil)
        certificateProblem.withLock { $0 = nil }
    }

    /// Takes what librdkafka says of a connection, or of all. That all brokers are down is no reason: the last failure is.
    fileprivate func note(_ code: rd_kafka_resp_err_t, _ reason: String?) {
        let error = KafkaError(code, reason.map { explanation(of: code, $0) + $0 })
        switch code {
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: unreachable = failure ?? error
        case RD_KAFKA_RESP_ERR__TRANSPORT: failure = error
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR__RESOLVE,
            RD_KAFKA_RESP_ERR__FATAL:
            (unreachable, failure) = (error, error)
        default: break
        }
    }

    /// What librdkafka's words leave out.
    private func explanation(of code: rd_kafka_resp_err_t, _ reason: String) -> String {
        if code == RD_KAFKA_RESP_ERR__SSL, let problem = certificateProblem.withLock({ $0 }) {
            return "the broker's certificate is refused, \(problem): "
        }
        let isClosed = code == RD_KAFKA_RESP_ERR__TRANSPORT && reason.contains("SSL_HANDSHAKE")
        return isClosed ? "does the broker speak TLS there? " : ""
    }

    /// Has librdkafka call them; it keeps no reference, so they must outlive the client.
    func register(in configuration: OpaquePointer, kind: rd_kafka_type_t, isTransactional: Bool) {
        let opaque = Unmanaged.passUnretained(self).toOpaque()
        rd_kafka_conf_set_opaque(configuration, opaque)
        rd_kafka_conf_set_log_cb(configuration, logged)
        rd_kafka_conf_set_error_cb(configuration, failed)
        rd_kafka_conf_set_ssl_cert_verify_cb(configuration, verified)
        if kind == RD_KAFKA_PRODUCER {
            rd_kafka_conf_set_dr_msg_cb(configuration, delivered)
            if isTransactional {
                rd_kafka_conf_interceptor_add_on_new(configuration, "tickline", watchAnswers, opaque)
            }
        } else {
            rd_kafka_conf_set_rebalance_cb(configuration, rebalanced)
            rd_kafka_conf_set_offset_commit_cb(configuration, committed)
        }
    }
}

/// Where librdkafka's own log lines go.
private let log = Logger(label: "librdkafka")

/// What librdkafka says of faults that we answer, and report in our own words, once: broken connections (`FAIL`,
/// `SSLCERTVRFY`; ``BrokerWatch``), a session that ended (`SESSTMOUT`; a rebalance follows), a transaction that can't go on (`TXNERR`,
/// `ADDPARTS`, `ADDOFFSETS`, `FATAL`; the call for it throws), a start that is tried again (`GETPID`), records given up
/// with their producer (`TERMINATE`), topics that a broker that is loading doesn't know yet (`PARTCNT`). AUTOCREATE only
/// says that the broker is the mock cluster.
private let answered: Set<String> = [
    "FAIL", "SESSTMOUT", "TXNERR", "ADDPARTS", "ADDOFFSETS", "FATAL", "GETPID", "TERMINATE", "PARTCNT",
    "AUTOCREATE", "SSLCERTVRFY",
]

/// Receives librdkafka's log lines, on its threads.
private func logged(
    client: OpaquePointer?,
    level: Int32,
    facility: UnsafePointer<CChar>?,
    text: UnsafePointer<CChar>?
) {
    guard let text else {
        return
    }
    // syslog's levels: 0-3 errors, 4 warning, 5 notice, 6 info, 7 debug.
    let facility = facility.map { String(cString: $0) } ?? ""
    // There is no other word of it. The line comes before librdkafka takes another record.
    if facility == "PARTCNT", let client {
        callbacks(rd_kafka_opaque(client))?.partitionChanges.wrappingAdd(1, ordering: .releasing)
    }
    let severity: Logger.Level =
        answered.contains(facility) ? .debug : level <= 2 ? .error : level <= 4 ? .warning : level <= 6 ? .info : .debug
    log.log(level: severity, "\(String(cString: text))", metadata: ["facility": "\(facility)"])
}

private func callbacks(_ opaque: UnsafeMutableRawPointer?) -> KafkaCallbacks? {
    opaque.map { Unmanaged<KafkaCallbacks>.fromOpaque($0).takeUnretainedValue() }
}

/// Receives client-wide errors, inside a poll call. librdkafka answers them itself, and logs them.
private func failed(
    _: OpaquePointer?,
    code: Int32,
    reason: UnsafePointer<CChar>?,
    opaque: UnsafeMutableRawPointer?
) {
    callbacks(opaque)?.note(rd_kafka_resp_err_t(rawValue: code), reason.map { String(cString: $0) })
}

/// Receives what OpenSSL found of each certificate of a chain, on librdkafka's threads, and leaves it at that.
/// - Returns: 1 if OpenSSL had nothing against it.
private func verified(
    _: OpaquePointer?,
    broker: UnsafePointer<CChar>?,
    brokerID: Int32,
    code: UnsafeMutablePointer<Int32>?,
    depth: Int32,
    certificate: UnsafePointer<CChar>?,
    size: Int,
    reason: UnsafeMutablePointer<CChar>?,
    room: Int,
    opaque: UnsafeMutableRawPointer?
) -> Int32 {
    guard let code, code.pointee != 0 else { return code == nil ? 0 : 1 }
    let text = CertificateProblem.text(code.pointee)
    callbacks(opaque)?.certificateProblem.withLock { $0 = text }
    if let reason, room > 0 {
        for (index, byte) in (text.utf8CString.prefix(room - 1) + [0]).enumerated() { reason[index] = byte }
    }
    return 0
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
