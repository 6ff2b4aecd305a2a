import CRdKafka

/// A failure that librdkafka reported, and how it is to be answered.
///
/// The order of the questions is librdkafka's own (INTRODUCTION.md, "Transactional producer API"): fatal first, then
/// whether the transaction must be aborted, then whether the same call may be made again.
public struct KafkaError: ClassifiedError, Hashable {
    /// librdkafka's `rd_kafka_resp_err_t`; negative values are its own, positive ones the broker's.
    public let code: Int32
    /// The code's name, for example `_MSG_TIMED_OUT`.
    public let name: String
    /// What happened, for a person.
    public let message: String
    /// The client can't go on; make another.
    public let isFatal: Bool
    /// The open transaction must be aborted before anything else.
    public let requiresAbort: Bool
    /// The same call may be made again.
    public let isRetriable: Bool

    /// Makes an error as librdkafka would report it: for what is driven without a broker.
    public init(
        code: Int32,
        name: String,
        message: String,
        isFatal: Bool = false,
        requiresAbort: Bool = false,
        isRetriable: Bool = false
    ) {
        self.code = code
        self.name = name
        self.message = message
        self.isFatal = isFatal
        self.requiresAbort = requiresAbort
        self.isRetriable = isRetriable
    }

    /// How the pipeline answers: fatal errors and refusals end the process, all else is tried again from the position.
    public var disposition: Disposition {
        if isInterrupted {
            return .interrupted
        }
        return isFatal || isRefusal ? .fatal : .retry
    }

    /// The client can't go on, and another could: it was fenced, or lost the thread of its transactions.
    public var isClientLost: Bool {
        isFatal && !isRefusal
    }

    /// No other attempt, and no other client, would be answered otherwise.
    private var isRefusal: Bool {
        switch code {
        case RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue,
            RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET.rawValue,
            RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE.rawValue,
            // What we write is far below every usual limit: the topic's must be raised.
            RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE.rawValue,
            RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED.rawValue,
            RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED.rawValue,
            RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED.rawValue,
            RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL.rawValue:
            return true
        default:
            return false
        }
    }

    /// The position asked for is no longer, or not yet, on the broker.
    public var isOffsetOutOfRange: Bool {
        code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET.rawValue || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE.rawValue
    }

    /// A newer producer with the same transactional id, or a newer generation of the group, has taken over.
    public var isFenced: Bool {
        switch code {
        case RD_KAFKA_RESP_ERR__FENCED.rawValue,
            RD_KAFKA_RESP_ERR_PRODUCER_FENCED.rawValue,
            RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH.rawValue,
            RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION.rawValue,
            RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID.rawValue,
            RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID.rawValue:
            return true
        default:
            return false
        }
    }

    /// The wait was given up because the process is to end.
    public var isInterrupted: Bool {
        code == RD_KAFKA_RESP_ERR__INTR.rawValue
    }

    /// The brokers are away, loading, or slow: time heals it, and librdkafka goes on by itself.
    var isConnectivity: Bool {
        switch rd_kafka_resp_err_t(rawValue: code) {
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__WAIT_COORD,
            RD_KAFKA_RESP_ERR__WAIT_CACHE, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
            return true
        default:
            return false
        }
    }

    /// The group moves on without this member, which joins again by itself.
    var isRebalance: Bool {
        switch rd_kafka_resp_err_t(rawValue: code) {
        case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
            return true
        default:
            return false
        }
    }

    /// The producer's queue has no room: the brokers take less than is sent.
    public var isQueueFull: Bool {
        code == RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue
    }

    /// A record can't be taken now, and the same one may be taken later: the queue is full, or the brokers don't know the
    /// topic, as those that are loading after a start say of every topic.
    public var isBackPressure: Bool {
        switch code {
        case RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue,
            RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC.rawValue,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.rawValue,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE.rawValue:
            return true
        default:
            return false
        }
    }

    /// The record itself is refused, however often it is sent.
    public var isAboutRecord: Bool {
        switch code {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE.rawValue,
            RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE.rawValue,
            RD_KAFKA_RESP_ERR_INVALID_MSG.rawValue,
            RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE.rawValue,
            RD_KAFKA_RESP_ERR_INVALID_RECORD.rawValue,
            RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP.rawValue:
            return true
        default:
            return false
        }
    }

    /// A call did not end within its time.
    public var isTimeout: Bool {
        code == RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue || code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT.rawValue
    }
}

extension KafkaError: CustomStringConvertible {
    /// The message with librdkafka's name of the error.
    public var description: String {
        "Kafka: \(message) (\(name))"
    }
}

extension KafkaError {
    /// Makes an error from a bare code.
    /// - Parameter message: what was tried; librdkafka's own words are appended, or stand alone without it.
    init(_ code: rd_kafka_resp_err_t, _ message: String? = nil, isFatal: Bool = false) {
        let words = String(cString: rd_kafka_err2str(code))
        self.code = code.rawValue
        self.name = String(cString: rd_kafka_err2name(code))
        self.message = message.map { "\($0): \(words)" } ?? words
        self.isFatal = isFatal || code == RD_KAFKA_RESP_ERR__FATAL
        self.requiresAbort = false
        self.isRetriable = false
    }

    /// Makes an error from words of our own, as a misuse or a setting that librdkafka refused.
    init(refused message: String) {
        self.code = RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue
        self.name = String(cString: rd_kafka_err2name(RD_KAFKA_RESP_ERR__INVALID_ARG))
        self.message = message
        self.isFatal = false
        self.requiresAbort = false
        self.isRetriable = false
    }

    /// The same error with what was tried before its message.
    func behind(_ doing: String) -> KafkaError {
        KafkaError(
            code: code,
            name: name,
            message: "\(doing): \(message)",
            isFatal: isFatal,
            requiresAbort: requiresAbort,
            isRetriable: isRetriable
        )
    }

    /// Throws what a call returned, and destroys it; does nothing for `nil`.
    static func check(_ error: OpaquePointer?, _ doing: String) throws(KafkaError) {
        guard let error else {
            return
        }
        defer { rd_kafka_error_destroy(error) }
        throw KafkaError(
            code: rd_kafka_error_code(error).rawValue,
            name: String(cString: rd_kafka_error_name(error)),
            message: "\(doing): \(String(cString: rd_kafka_error_string(error)))",
            isFatal: rd_kafka_error_is_fatal(error) != 0,
            requiresAbort: rd_kafka_error_txn_requires_abort(error) != 0,
            isRetriable: rd_kafka_error_is_retriable(error) != 0
        )
    }

    /// Throws a bare code unless it says that all went well.
    static func check(_ code: rd_kafka_resp_err_t, _ doing: String) throws(KafkaError) {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw KafkaError(code, doing)
        }
    }
}
