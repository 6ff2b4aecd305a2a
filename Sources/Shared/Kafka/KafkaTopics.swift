import CRdKafka

/// Looks after the topics a service needs.
public enum KafkaTopics {
    /// How long topics may take to show: a broker that has just made them, or has just started, doesn't know them yet.
    public static let patience = Duration.seconds(15)
    /// How often it asks meanwhile.
    private static let pause = Duration.milliseconds(100)

    /// Makes sure that topics exist and can be used: asks until all of their partitions have a leader.
    /// - Parameters:
    ///   - timeout: how long to ask. One that is there without a leader by then counts as there.
    ///   - stop: ends the wait early.
    /// - Returns: how many partitions each has.
    /// - Throws: ``MissingTopics`` that names those that are missing; a ``KafkaError`` when no broker answers, or when a
    ///   stop was requested (``KafkaError/isInterrupted``).
    @discardableResult
    public static func check(
        _ needed: [String],
        settings: KafkaSettings,
        timeout: Duration = patience,
        stop: StopSignal = StopSignal()
    ) throws -> [String: Int] {
        let client = try client(settings, stop: stop)
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            let (existing, led) = try topics(client, settings, timeout: max(left, pause))
            let missing = needed.filter { existing[$0] == nil }
            if missing.isEmpty, led.isSuperset(of: needed) || left <= pause {
                return existing.filter { needed.contains($0.key) }
            }
            if left <= pause {
                throw MissingTopics(topics: missing, bootstrapServers: settings.bootstrapServers)
            }
            if stop.sleep(for: pause) {
                throw KafkaError(RD_KAFKA_RESP_ERR__INTR, "waiting for topics at \(settings.bootstrapServers)")
            }
        }
    }

    private static func topics(
        _ client: KafkaClient,
        _ settings: KafkaSettings,
        timeout: Duration
    ) throws(KafkaError) -> (existing: [String: Int], led: Set<String>) {
        do throws(KafkaError) {
            return try client.topics(timeout: timeout)
        } catch {
            if error.isInterrupted { throw error }
            throw client.reason(for: error).behind("no broker answers at \(settings.bootstrapServers)")
        }
    }

    /// Creates topics that don't exist yet; those that do are left as they are.
    /// - Throws: a ``KafkaError`` when a broker refuses one.
    public static func create(_ topics: [NewTopic], settings: KafkaSettings) throws(KafkaError) {
        let timeout = Duration.seconds(15)
        let client = try client(settings, stop: nil)
        var text = [CChar](repeating: 0, count: 512)
        var created: [OpaquePointer?] = []
        defer {
            for topic in created {
                rd_kafka_NewTopic_destroy(topic)
            }
        }
        for topic in topics {
            let new = rd_kafka_NewTopic_new(
                topic.name,
                Int32(topic.partitions),
                Int32(topic.replicationFactor),
                &text,
                text.count
            )
            guard let new else {
                throw KafkaError(refused: "the topic \(topic.name) can't be created")
            }
            created.append(new)
            for (name, value) in topic.configuration {
                try KafkaError.check(rd_kafka_NewTopic_set_config(new, name, value), "the topic \(topic.name)")
            }
        }
        let queue = rd_kafka_queue_new(client.pointer)
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(client.pointer, RD_KAFKA_ADMIN_OP_CREATETOPICS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let code = rd_kafka_AdminOptions_set_request_timeout(options, timeout.milliseconds, &text, text.count)
        try KafkaError.check(code, "creating topics")
        rd_kafka_CreateTopics(client.pointer, &created, created.count, options, queue)
        guard let event = rd_kafka_queue_poll(queue, timeout.milliseconds + 1_000) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "creating topics")
        }
        defer { rd_kafka_event_destroy(event) }
        let answer = rd_kafka_event_error(event)
        if answer != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw client.reason(for: KafkaError(answer)).behind("creating topics at \(settings.bootstrapServers)")
        }
        var count = 0
        let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        for index in 0..<count {
            let result = results?[index]
            let error = rd_kafka_topic_result_error(result)
            if error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS {
                try KafkaError.check(error, "creating \(String(cString: rd_kafka_topic_result_name(result)))")
            }
        }
    }

    /// A client that asks and sends no records: without idempotence, whose coordinator may be loading.
    private static func client(_ settings: KafkaSettings, stop: StopSignal?) throws(KafkaError) -> KafkaClient {
        let properties = settings.producerProperties(with: ["enable.idempotence": "false"])
        return try KafkaClient(RD_KAFKA_PRODUCER, properties: properties, stop: stop)
    }
}
