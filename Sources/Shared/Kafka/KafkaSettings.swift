/// Where the brokers are, and what is passed on to librdkafka.
public struct KafkaSettings: Sendable, Hashable {
    /// `host:port`, several separated by commas.
    public var bootstrapServers: String
    /// Put before every topic's name, so that two stacks can share a broker.
    public var topicPrefix: String
    /// What the brokers know this client by.
    public var clientID: String
    /// librdkafka's properties by their names; they win over every default of ours.
    public var properties: [String: String]

    static let bootstrapServersSetting = Setting.text(
        "KAFKA_BOOTSTRAP_SERVERS",
        default: "kafka:29092",
        allowed: "host:port, several separated by commas",
        help: "Where the Kafka brokers are.",
        where: { text in
            text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { address in
                guard let colon = address.lastIndex(of: ":"), colon != address.startIndex else {
                    return false
                }
                return UInt16(address[address.index(after: colon)...]).map { $0 > 0 } ?? false
            }
        }
    )
    static let topicPrefixSetting = Setting.text(
        "KAFKA_TOPIC_PREFIX",
        default: "",
        allowed: "letters, digits, '.', '_' and '-'",
        help: "Put before every topic's name, so that two stacks can share a broker.",
        where: {
            $0.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8.contains($0) }
        }
    )
    /// The settings, for `--help`, docs/settings.md and the check at the start.
    public static let all: [any SettingDescription] = [
        bootstrapServersSetting, topicPrefixSetting, KafkaPropertySetting(),
    ]

    /// Reads the settings from the environment.
    /// - Parameter clientID: the service's name.
    /// - Throws: ``SettingsError`` for what isn't allowed, librdkafka's properties included.
    public init(_ reader: SettingsReader, clientID: String) throws(SettingsError) {
        bootstrapServers = try reader.value(Self.bootstrapServersSetting)
        topicPrefix = try reader.value(Self.topicPrefixSetting)
        self.clientID = clientID
        properties = try KafkaProperty.from(variables: reader.variables(prefix: "KAFKA_"))
    }

    /// The variables that begin with `KAFKA_` and are read here, not passed on.
    static let ownVariables = [bootstrapServersSetting.name, topicPrefixSetting.name]

    /// Makes settings.
    public init(
        bootstrapServers: String,
        topicPrefix: String = "",
        clientID: String = "tickline",
        properties: [String: String] = [:]
    ) {
        self.bootstrapServers = bootstrapServers
        self.topicPrefix = topicPrefix
        self.clientID = clientID
        self.properties = properties
    }

    /// A topic's name on the broker.
    public func name(_ topic: Topic) -> String {
        topic.name(prefix: topicPrefix)
    }

    func consumerProperties(
        readCommitted: Bool,
        resetsToEarliest: Bool,
        with more: [String: String]
    ) -> [String: String] {
        var result = [
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "auto.offset.reset": resetsToEarliest ? "earliest" : "error",
            "isolation.level": readCommitted ? "read_committed" : "read_uncommitted",
            "allow.auto.create.topics": "false",
            // A member that died is noticed after this time, and so is a broker. Less than 6 s is refused by a broker with
            // Kafka's own `group.min.session.timeout.ms`; where it allows less, as in compose, 2 s are better.
            "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "500",
            // The group waits so long for a member that died while it was joining: by default 5 minutes, in which nobody
            // gets anything. A turn of a loop takes milliseconds, a restore seconds.
            "max.poll.interval.ms": "60000",
            "fetch.wait.max.ms": "100",
            // Little is fetched ahead, for the sake of memory; `FetchQueue` sees to it that this is no brake.
            "queued.min.messages": "10000",
            "queued.max.messages.kbytes": "16384",
            "fetch.message.max.bytes": "131072",
        ]
        result.merge(common) { _, new in new }
        return merged(result, more, except: "P")
    }

    func producerProperties(with more: [String: String]) -> [String: String] {
        var result = [
            "enable.idempotence": "true",
            "acks": "all",
            "partitioner": "murmur2_random",
            // A topic that isn't there is named, not made up with the broker's number of partitions.
            "allow.auto.create.topics": "false",
            "compression.codec": "lz4",
            "linger.ms": "5",
            "delivery.report.only.error": "true",
            // What is known of a topic must outlive an outage: without it records wait outside of its partitions, and fail
            // when a broker that is loading doesn't know the topic. It is asked for every 5 minutes all the same.
            "metadata.max.age.ms": "86400000",
        ]
        if more["transactional.id"] == nil {
            // Never give a record up: a broker that is away fills the queue, and that holds the sender back.
            result["message.timeout.ms"] = "0"
            // A broker that is loading may refuse a request and take the one behind it: with several on their way
            // records would change places, or librdkafka would find the sequence broken and give them up for good.
            result["max.in.flight.requests.per.connection"] = "1"
        } else {
            // A dead task's open transaction holds readers back for this long at most.
            result["transaction.timeout.ms"] = "10000"
        }
        result.merge(common) { _, new in new }
        return merged(result, more, except: "C")
    }

    private var common: [String: String] {
        [
            "bootstrap.servers": bootstrapServers,
            "client.id": clientID,
            "log.connection.close": "false",
            "socket.keepalive.enable": "true",
            // A broker that is back is tried again within this time.
            "reconnect.backoff.max.ms": "500",
        ]
    }

    private func merged(
        _ defaults: [String: String],
        _ more: [String: String],
        except kind: String
    ) -> [String: String] {
        let passed = properties.filter { KafkaProperty.kinds[$0.key] != kind }
        return defaults.merging(more) { _, new in new }.merging(passed) { _, new in new }
    }
}
