import CRdKafka
import Glibc

/// Owns one librdkafka client handle, and what its callbacks leave behind.
///
/// The callbacks for errors, deliveries and rebalances run inside poll calls, on the thread that owns the client; the
/// log callback runs on librdkafka's threads and touches one counter here.
///
/// Its end waits for nothing: see ``ClosingClients``.
final class KafkaClient {
    let pointer: OpaquePointer
    let callbacks: KafkaCallbacks
    /// Ends waits early when the process is asked to end.
    let stop: StopSignal?
    /// Whether it is a member of a group that it has not left; then its end leaves it, in the background.
    var isMember = false
    private let kind: rd_kafka_type_t

    /// Where a stop can be requested, no blocking call to a broker is longer, so that it is seen in time.
    private static let slice = Duration.seconds(2)

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
        let callbacks = KafkaCallbacks()
        callbacks.register(in: configuration, kind: kind, isTransactional: properties["transactional.id"] != nil)
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
        let callbacks: KafkaCallbacks
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

    /// Why a call failed: its callbacks know more than the call, of a name that can't be resolved, a certificate or a login
    /// that is refused.
    func reason(for error: KafkaError) -> KafkaError {
        rd_kafka_poll(pointer, 0)
        return callbacks.unreachable ?? error
    }

    /// The value of one of librdkafka's properties.
    func property(_ name: String) -> String? {
        var text = [CChar](repeating: 0, count: 512)
        var count = text.count
        let code = rd_kafka_conf_get(rd_kafka_conf(pointer), name, &text, &count)
        return code == RD_KAFKA_CONF_OK ? KafkaClient.string(text) : nil
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

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
