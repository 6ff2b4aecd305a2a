import CRdKafka
import Shared

/// librdkafka's consumer with nothing around it: what reading alone costs, as the baseline of a service.
struct RawConsumer {
    /// How many records it read after the first batch, and how long that took.
    var count: Int
    var timing: Timing

    /// Records a second.
    var rate: Double { Double(count) / timing.wallSeconds }

    /// Reads a topic from its beginning, counting records.
    /// - Parameters:
    ///   - count: how many records there are; it ends when it has them.
    ///   - settings: where the brokers are.
    init(reading topic: String, partitions: Int32, count: Int, settings: KafkaSettings) throws {
        let properties = [
            "bootstrap.servers": settings.bootstrapServers, "group.id": "raw", "enable.auto.commit": "false",
            // So much that 2.0.2's fetcher never pauses for a second (confluentinc/librdkafka#3662).
            "queued.min.messages": "1000000", "queued.max.messages.kbytes": "1048576",
        ]
        let configuration = rd_kafka_conf_new()
        for (name, value) in properties { rd_kafka_conf_set(configuration, name, value, nil, 0) }
        guard let client = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, nil, 0) else {
            throw BenchmarkError("no raw consumer")
        }
        defer { rd_kafka_destroy(client) }
        rd_kafka_poll_set_consumer(client)
        let list = rd_kafka_topic_partition_list_new(partitions)
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for partition in 0..<partitions {
            rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = Int64(RD_KAFKA_OFFSET_BEGINNING)
        }
        rd_kafka_assign(client, list)
        let queue = rd_kafka_queue_get_consumer(client)
        defer { rd_kafka_queue_destroy(queue) }
        let capacity = 10_000
        let messages = UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>.allocate(capacity: capacity)
        defer { messages.deallocate() }
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        func poll() throws -> Int {
            guard ContinuousClock.now < deadline else { throw BenchmarkError("the raw consumer took 2 minutes") }
            let taken = rd_kafka_consume_batch_queue(queue, 10, messages, capacity)
            var records = 0
            for index in 0..<max(0, taken) {
                if messages[index]?.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR { records += 1 }
                rd_kafka_message_destroy(messages[index])
            }
            return records
        }
        var first = 0
        while first == 0 { first = try poll() }
        var read = first
        timing = try Timing.of { while read < count { read += try poll() } }
        self.count = read - first
    }
}
