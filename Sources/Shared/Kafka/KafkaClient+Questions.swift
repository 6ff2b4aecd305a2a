import CRdKafka

/// What a client asks the brokers, and waits for.
extension KafkaClient {
    /// Asks the cluster for its topics.
    /// - Parameter topic: the one topic to ask for; all of them without it (which never creates one).
    func metadata(topic: String? = nil, timeout: Duration) throws(KafkaError) -> [String: Int] {
        var handle: OpaquePointer?
        if let topic {
            handle = rd_kafka_topic_new(pointer, topic, nil)
        }
        defer {
            if let handle {
                rd_kafka_topic_destroy(handle)
            }
        }
        var answer: UnsafePointer<rd_kafka_metadata>?
        try ask("asking for the topics", timeout: timeout) { milliseconds in
            rd_kafka_metadata(pointer, topic == nil ? 1 : 0, handle, &answer, milliseconds)
        }
        guard let answer else { return [:] }
        defer { rd_kafka_metadata_destroy(answer) }
        var topics: [String: Int] = [:]
        for index in 0..<Int(answer.pointee.topic_cnt) {
            let topic = answer.pointee.topics[index]
            if topic.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                topics[String(cString: topic.topic)] = Int(topic.partition_cnt)
            }
        }
        return topics
    }

    /// The first offset that is still there, and the one that the next record will get (or, with `read_committed`, the
    /// first of an open transaction).
    ///
    /// Not `rd_kafka_query_watermark_offsets`: in 2.0.2 that waits for the answers whatever its time-out, with a broker
    /// that is away or stands still for `socket.timeout.ms`, a minute.
    func watermarkOffsets(of partition: TopicPartition, timeout: Duration) throws(KafkaError) -> Range<Int64> {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        func ask(_ end: Int32) throws(KafkaError) -> Int64 {
            var offset: Int64 = 0
            let left = ContinuousClock.now.duration(to: deadline)
            try self.ask("asking for the offsets of \(partition)", timeout: left) { milliseconds in
                // Anew for each attempt: the answer is written over the question.
                let list = PartitionList(CollectionOfOne((key: partition, value: Int64(end))))
                let entries = list.pointer
                let code = rd_kafka_offsets_for_times(pointer, entries, milliseconds)
                offset = entries.pointee.elems[0].offset
                return code == RD_KAFKA_RESP_ERR_NO_ERROR ? entries.pointee.elems[0].err : code
            }
            return max(0, offset)
        }
        let low = try ask(RD_KAFKA_OFFSET_BEGINNING)
        return low..<max(low, try ask(RD_KAFKA_OFFSET_END))
    }

    /// The earliest offsets whose records were produced at or after a time; the end where there is none.
    func offsets(
        of partitions: [TopicPartition],
        at milliseconds: Int64,
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        var answers: [(partition: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] = []
        try ask("asking for the offsets at a time", timeout: timeout) { limit in
            // Anew for each attempt: the answer is written over the question.
            let list = PartitionList(partitions.lazy.map { (key: $0, value: milliseconds) })
            let code = rd_kafka_offsets_for_times(pointer, list.pointer, limit)
            answers = list.entries
            return code
        }
        var result: [TopicPartition: Int64] = [:]
        for (partition, offset, error) in answers {
            try KafkaError.check(error, "asking for the offset of \(partition) at a time")
            result[partition] = offset >= 0 ? offset : try watermarkOffsets(of: partition, timeout: timeout).upperBound
        }
        return result
    }
}

extension Duration {
    /// Whole milliseconds, as librdkafka's timeouts are; at most 24 days.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let total = seconds.multipliedReportingOverflow(by: 1_000)
        let fraction = attoseconds / 1_000_000_000_000_000
        return total.overflow ? Int32.max : Int32(clamping: total.partialValue &+ fraction)
    }
}
