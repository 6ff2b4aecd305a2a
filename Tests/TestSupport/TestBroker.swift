import Glibc
import LocalBroker
import Shared

/// A broker for one test: the one that `KAFKA_BOOTSTRAP_SERVERS` names, or a mock cluster in this process.
///
/// Topics have a random prefix, so that tests can share a real broker.
public final class TestBroker {
    /// The real broker that the environment names, if any.
    public static var realBootstrapServers: String? {
        getenv("KAFKA_BOOTSTRAP_SERVERS").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Where it is; the properties suit both kinds: a short session (the mock's joins take `session.timeout.ms` - 1 s)
    /// and short waits for an empty fetch (the mock sleeps them out).
    public let settings: KafkaSettings
    /// Whether it shows isolation, fencing and offsets in transactions.
    public let isReal: Bool
    private let cluster: MockCluster?
    private let proxy: KafkaProxy?
    private let tls: TLSProxy?

    /// Starts or finds a broker, and creates topics there.
    /// - Parameters:
    ///   - topics: names without the prefix, and their numbers of partitions.
    ///   - configuration: the topics' own, on a real broker.
    ///   - canGoAway: whether ``setReachable(_:)`` is to work, which takes a proxy before the mock.
    ///   - certificates: with them the mock speaks TLS, by proxies before it, and its settings say how to it.
    ///   - wantsCertificates: whether clients need a certificate there.
    public init(
        topics: [String: Int],
        configuration: [String: String] = [:],
        canGoAway: Bool = false,
        certificates: TestCertificates? = nil,
        wantsCertificates: Bool = false
    ) throws {
        let prefix = "test-\(UInt32.random(in: .min ... .max))."
        var properties = ["session.timeout.ms": "6000", "fetch.wait.max.ms": "10"]
        if let real = TestBroker.realBootstrapServers {
            settings = KafkaSettings(bootstrapServers: real, topicPrefix: prefix, properties: properties)
            isReal = true
            cluster = nil
            (proxy, tls) = (nil, nil)
            let new = topics.map {
                NewTopic(name: prefix + $0.key, partitions: $0.value, configuration: configuration)
            }
            try KafkaTopics.create(new, settings: settings)
            // The broker says that they are made a moment before it knows them.
            try KafkaTopics.check(new.map(\.name), settings: settings)
        } else {
            let cluster = try MockCluster(topics: topics.map { (prefix + $0.key, $0.value) })
            let proxy = try canGoAway || certificates != nil ? KafkaProxy(before: cluster.bootstrapServers) : nil
            var servers = proxy?.bootstrapServers ?? cluster.bootstrapServers
            tls = try certificates.flatMap { certificates in
                try proxy.map {
                    try TLSProxy(before: $0.port, certificates: certificates, wantsCertificates: wantsCertificates)
                }
            }
            if let tls, let certificates {
                proxy?.advertise(tls.port)
                servers = "127.0.0.1:\(tls.port)"
                properties.merge(certificates.kafkaProperties(forClient: wantsCertificates)) { $1 }
            }
            settings = KafkaSettings(bootstrapServers: servers, topicPrefix: prefix, properties: properties)
            isReal = false
            self.cluster = cluster
            self.proxy = proxy
        }
    }

    /// Starts or finds a broker with all topics of the suite.
    public convenience init(
        partitions: Int = 3,
        certificates: TestCertificates? = nil,
        wantsCertificates: Bool = false
    ) throws {
        try self.init(
            topics: Dictionary(uniqueKeysWithValues: Topic.allCases.map { ($0.rawValue, partitions) }),
            certificates: certificates,
            wantsCertificates: wantsCertificates
        )
    }

    /// A topic's name on the broker.
    public func name(_ topic: String) -> String {
        settings.topicPrefix + topic
    }

    /// Takes a mock broker that can go away off the network, or brings it back; a real one is left alone.
    ///
    /// librdkafka's own way (`rd_kafka_mock_broker_set_down`) closes the listener and binds its port anew, and ends the
    /// process if it can't: as when another thread is starting a program, which holds the listener until it has begun.
    public func setReachable(_ isReachable: Bool) {
        proxy?.setDown(!isReachable)
    }

    /// Makes a mock broker say that it doesn't know a topic, or know it again; a real one is left alone.
    /// - Parameter topic: its name without the prefix.
    public func setKnown(_ topic: String, _ isKnown: Bool) {
        cluster?.setKnown(name(topic), isKnown)
    }

    /// Makes a mock broker answer later, as one under load; a real one is left alone.
    public func delayAnswers(milliseconds: Int32) {
        cluster?.delayAnswers(milliseconds: milliseconds)
    }

    /// Makes a mock broker refuse the next writes, as one that is loading; a real one is left alone.
    public func refuseWrites(_ count: Int) {
        cluster?.refuseWrites(count)
    }

    /// Reads everything a topic holds at this moment.
    public func records(of topic: String, readCommitted: Bool = true) throws -> [TestRecord] {
        let reader = try KafkaReader(settings: settings, readCommitted: readCommitted)
        let partitions = try reader.topics()[topic] ?? 0
        var records: [TestRecord] = []
        for partition in 0..<Int32(partitions) {
            let source = TopicPartition(topic: topic, partition: partition)
            try reader.readToEnd(of: source, timeout: .seconds(30)) { records.append(TestRecord($0)) }
        }
        return records
    }
}
