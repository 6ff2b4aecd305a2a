import CRdKafka

/// librdkafka's mock cluster: one Kafka-protocol broker inside this process, reachable from others over loopback.
///
/// It keeps everything in memory, 5 MiB a partition, and shows neither isolation nor fencing: transactions succeed, but
/// aborted and open records are visible, and offsets sent to a transaction are not stored.
public final class MockCluster: @unchecked Sendable {
    // Both handles are set once here, and librdkafka guards them with locks of its own.
    private let client: OpaquePointer
    private let cluster: OpaquePointer

    /// `host:port` of the broker; the port is of librdkafka's choice.
    public let bootstrapServers: String

    /// Starts a broker with these topics.
    /// - Parameter topics: names and numbers of partitions.
    /// - Throws: ``MockClusterError`` when librdkafka refuses.
    public init(topics: [(name: String, partitions: Int)]) throws(MockClusterError) {
        var text = [CChar](repeating: 0, count: 512)
        // The cluster needs a client to live in. That client talks to nobody, and would log that it can't.
        let configuration = rd_kafka_conf_new()
        rd_kafka_conf_set_log_cb(configuration, nil)
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count) else {
            rd_kafka_conf_destroy(configuration)
            throw MockClusterError("librdkafka gives no client: \(MockCluster.string(text))")
        }
        guard let cluster = rd_kafka_mock_cluster_new(client, 1) else {
            rd_kafka_destroy(client)
            throw MockClusterError("librdkafka starts no mock cluster")
        }
        self.client = client
        self.cluster = cluster
        self.bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
        for topic in topics {
            try create(topic.name, partitions: topic.partitions)
        }
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(client)
    }

    /// Creates a topic. Asked for any other one, the cluster would make it up with four partitions.
    /// - Throws: ``MockClusterError`` when it exists with another number of partitions.
    public func create(_ topic: String, partitions: Int) throws(MockClusterError) {
        let code = rd_kafka_mock_topic_create(cluster, topic, Int32(clamping: partitions), 1)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw MockClusterError("the topic \(topic): \(String(cString: rd_kafka_err2str(code)))")
        }
    }

    /// Makes the broker say that it knows no such topic, as one does that is loading after a start, or know it again.
    /// The records stay.
    public func setKnown(_ topic: String, _ isKnown: Bool) {
        let error = isKnown ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
        rd_kafka_mock_topic_set_error(cluster, topic, error)
    }

    /// Makes the broker answer later, as one under load does.
    public func delayAnswers(milliseconds: Int32) {
        rd_kafka_mock_broker_set_rtt(cluster, 1, milliseconds)
    }

    /// Makes the broker refuse the next writes as one does that is loading: it doesn't know the partition. Those that were
    /// sent behind them are taken.
    /// - Parameter count: how many requests to refuse.
    public func refuseWrites(_ count: Int) {
        var errors = [rd_kafka_resp_err_t](repeating: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, count: count)
        let produce: Int16 = 0
        rd_kafka_mock_push_request_errors_array(cluster, produce, errors.count, &errors)
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Why there is no mock cluster.
public struct MockClusterError: Error, CustomStringConvertible {
    /// The reason.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
