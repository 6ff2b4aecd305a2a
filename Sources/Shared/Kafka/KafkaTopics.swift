import CRdKafka

/// Looks after the topics a service needs.
public enum KafkaTopics {
    /// Makes sure that topics exist.
    /// - Returns: how many partitions each has.
    /// - Throws: ``MissingTopics`` that names those that are missing; a ``KafkaError`` when no broker answers.
    @discardableResult
    public static func check(
        _ needed: [String],
        settings: KafkaSettings,
        timeout: Duration = .seconds(5)
    ) throws -> [String: Int] {
        let client = try client(settings)
        let existing: [String: Int]
        do throws(KafkaError) {
            existing = try client.metadata(timeout: timeout)
        } catch {
            throw KafkaError(
                rd_kafka_resp_err_t(rawValue: error.code),
                "no broker answers at \(settings.bootstrapServers)"
            )
        }
        let missing = needed.filter { existing[$0] == nil }
        if !missing.isEmpty {
            throw MissingTopics(topics: missing, bootstrapServers: settings.bootstrapServers)
        }
        return existing.filter { needed.contains($0.key) }
    }

    /// Creates topics that don't exist yet; those that do are left as they are.
    /// - Throws: a ``KafkaError`` when a broker refuses one.
    public static func create(_ topics: [NewTopic], settings: KafkaSettings) throws(KafkaError) {
        let timeout = Duration.seconds(15)
        let client = try client(settings)
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
        try KafkaError.check(rd_kafka_event_error(event), "creating topics")
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
    private static func client(_ settings: KafkaSettings) throws(KafkaError) -> KafkaClient {
        let properties = settings.producerProperties(with: ["enable.idempotence": "false"])
        return try KafkaClient(RD_KAFKA_PRODUCER, properties: properties)
    }
}
