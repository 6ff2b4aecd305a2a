import CRdKafka

/// A change of librdkafka's assignment with all it needs, so that it can be left behind.
///
/// `rd_kafka_assign` asks no broker, and knows no time-out. With 2.0.2 it was seen not to return for 30 s and more when the
/// group had taken the partitions away while the broker was restarted: until the broker was back, with librdkafka's own
/// thread idle. Left behind it holds its client, which counts among ``ClosingClients`` until it returns.
struct AssignmentCall: @unchecked Sendable {
    let client: KafkaClient
    /// nil gives the assignment up.
    let offsets: [TopicPartition: Int64]?

    /// Changes the assignment, and waits until librdkafka's fetchers have been told.
    ///
    /// A partition that leaves is stopped by librdkafka's own thread after the call has returned. If the next change
    /// comes before that is done, it stops the same partition again, and the second "stopped" ends the process (2.0.2,
    /// rdkafka_assignment.c: the assertion `rktp_started`). A seek right before the group takes the partitions away did
    /// that. The thread works off its queue in order: once a question behind the change is answered, the stops are done,
    /// or stand in the queue before whatever we ask for next.
    func make() -> rd_kafka_resp_err_t {
        ClosingClients.shared.count {
            let code = assign()
            var assigned: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
            if rd_kafka_assignment(client.pointer, &assigned) == RD_KAFKA_RESP_ERR_NO_ERROR {
                rd_kafka_topic_partition_list_destroy(assigned)
            }
            return code
        }
    }

    private func assign() -> rd_kafka_resp_err_t {
        guard let offsets else { return rd_kafka_assign(client.pointer, nil) }
        let list = PartitionList(offsets)
        return rd_kafka_assign(client.pointer, list.pointer)
    }
}
