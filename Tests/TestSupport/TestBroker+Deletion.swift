import CRdKafka
import Shared

extension TestBroker {
    /// Deletes the records of a partition before an offset, as retention would; librdkafka's mock cluster can't.
    /// - Throws: ``ServiceProcess/Failure`` when the broker doesn't.
    public func deleteRecords(of partition: TopicPartition, before offset: Int64) throws {
        let client = try client()
        defer { rd_kafka_destroy(client) }
        let offsets = rd_kafka_topic_partition_list_new(1)
        defer { rd_kafka_topic_partition_list_destroy(offsets) }
        rd_kafka_topic_partition_list_add(offsets, partition.topic, partition.partition).pointee.offset = offset
        var request = rd_kafka_DeleteRecords_new(offsets)
        defer { rd_kafka_DeleteRecords_destroy(request) }
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        rd_kafka_DeleteRecords(client, &request, 1, nil, queue)
        guard let event = rd_kafka_queue_poll(queue, 30_000) else {
            throw ServiceProcess.Failure(description: "deleting records of \(partition): no answer")
        }
        defer { rd_kafka_event_destroy(event) }
        guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let deleted = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event)),
            deleted.pointee.cnt == 1, deleted.pointee.elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR
        else { throw ServiceProcess.Failure(description: "deleting records of \(partition) was refused") }
    }

    /// Deletes a topic with all its records; librdkafka's mock cluster can't.
    /// - Parameter topic: its name without the prefix.
    /// - Throws: ``ServiceProcess/Failure`` when the broker doesn't.
    public func delete(_ topic: String) throws {
        let client = try client()
        defer { rd_kafka_destroy(client) }
        var request = rd_kafka_DeleteTopic_new(name(topic))
        defer { rd_kafka_DeleteTopic_destroy(request) }
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        rd_kafka_DeleteTopics(client, &request, 1, nil, queue)
        guard let event = rd_kafka_queue_poll(queue, 30_000) else {
            throw ServiceProcess.Failure(description: "deleting \(topic): no answer")
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count),
            count == 1, rd_kafka_topic_result_error(results[0]) == RD_KAFKA_RESP_ERR_NO_ERROR
        else { throw ServiceProcess.Failure(description: "deleting \(topic) was refused") }
    }

    private func client() throws -> OpaquePointer {
        var text = [CChar](repeating: 0, count: 512)
        let configuration = rd_kafka_conf_new()
        rd_kafka_conf_set(configuration, "bootstrap.servers", settings.bootstrapServers, &text, text.count)
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count) else {
            throw ServiceProcess.Failure(description: "no client to delete with")
        }
        return client
    }
}
