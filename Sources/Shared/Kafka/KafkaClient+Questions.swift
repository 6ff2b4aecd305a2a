import CRdKafka

/// What a client asks the brokers, and waits for.
extension KafkaClient {
    /// Asks the cluster for its topics.
    /// - Parameter topic: the one topic to ask for; all of them without it (which never creates one). Who writes, or is a
    ///   member of a group, never asks for all: see ``checkConnection(timeout:)``.
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
        return try topics(in: handle, timeout: timeout).existing
    }

    /// Asks the cluster for all of its topics.
    /// - Returns: how many partitions each has, and those of which every partition has a leader.
    func topics(timeout: Duration) throws(KafkaError) -> (existing: [String: Int], led: Set<String>) {
        try topics(in: nil, timeout: timeout)
    }

    private func topics(
        in handle: OpaquePointer?,
        timeout: Duration
    ) throws(KafkaError) -> (existing: [String: Int], led: Set<String>) {
        var answer: UnsafePointer<rd_kafka_metadata>?
        try ask("asking for the topics", timeout: timeout) { milliseconds in
            rd_kafka_metadata(pointer, handle == nil ? 1 : 0, handle, &answer, milliseconds)
        }
        guard let answer else { return ([:], []) }
        defer { rd_kafka_metadata_destroy(answer) }
        var existing: [String: Int] = [:]
        var led: Set<String> = []
        for index in 0..<Int(answer.pointee.topic_cnt) {
            let topic = answer.pointee.topics[index]
            guard topic.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            let name = String(cString: topic.topic)
            existing[name] = Int(topic.partition_cnt)
            let partitions = UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt))
            if partitions.allSatisfy({ $0.leader >= 0 }) { led.insert(name) }
        }
        return (existing, led)
    }

    /// Asks whether a broker answers, and what it knows of the topics that are in use here.
    ///
    /// Not for all topics: their list replaces what the client knows. A broker that is loading leaves topics out of it, and a
    /// producer would then take records for which it has no partition, and fail them
    /// (`rd_kafka_metadata_cache_update`, 2.0.2).
    func checkConnection(timeout: Duration) throws(KafkaError) {
        var answer: UnsafePointer<rd_kafka_metadata>?
        try ask("asking for the brokers", timeout: timeout) { milliseconds in
            rd_kafka_metadata(pointer, 0, nil, &answer, milliseconds)
        }
        if let answer { rd_kafka_metadata_destroy(answer) }
    }

    /// Of each partition the first offset that is still there, and the one that the next record will get (or, with
    /// `read_committed`, the first of an open transaction). Two requests, however many partitions there are.
    ///
    /// Not `rd_kafka_query_watermark_offsets`: in 2.0.2 that waits for the answers whatever its time-out, with a broker
    /// that is away or stands still for `socket.timeout.ms`, a minute.
    func watermarkOffsets(
        of partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Range<Int64>] {
        if partitions.isEmpty { return [:] }
        let deadline = ContinuousClock.now.advanced(by: timeout)
        func ask(_ end: Int32) throws(KafkaError) -> [TopicPartition: Int64] {
            let left = ContinuousClock.now.duration(to: deadline)
            return try answers(of: partitions, at: Int64(end), timeout: left)
        }
        let lows = try ask(RD_KAFKA_OFFSET_BEGINNING)
        let ends = try ask(RD_KAFKA_OFFSET_END)
        return Dictionary(
            uniqueKeysWithValues: Set(partitions).map { partition in
                let low = max(0, lows[partition] ?? 0)
                return (partition, low..<max(low, ends[partition] ?? 0))
            }
        )
    }

    /// As ``watermarkOffsets(of:timeout:)`` for one partition.
    func watermarkOffsets(of partition: TopicPartition, timeout: Duration) throws(KafkaError) -> Range<Int64> {
        try watermarkOffsets(of: [partition], timeout: timeout)[partition] ?? 0..<0
    }

    /// The earliest offsets whose records were produced at or after a time; the end where there is none.
    func offsets(
        of partitions: [TopicPartition],
        at milliseconds: Int64,
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        var found = try firstOffsets(of: partitions, since: milliseconds, timeout: timeout)
        let none = partitions.filter { found[$0] == nil }
        for (partition, available) in try watermarkOffsets(of: none, timeout: timeout) {
            found[partition] = available.upperBound
        }
        return found
    }

    /// The earliest offsets whose records were produced at or after a time; nothing where there is none.
    func firstOffsets(
        of partitions: [TopicPartition],
        since milliseconds: Int64,
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        if partitions.isEmpty { return [:] }
        return try answers(of: partitions, at: milliseconds, timeout: timeout).filter { $0.value >= 0 }
    }

    /// Asks for the offsets at a time, or at one of librdkafka's names for the ends.
    private func answers(
        of partitions: [TopicPartition],
        at time: Int64,
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        var answers: [(partition: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] = []
        try ask("asking for the offsets of \(Self.names(partitions))", timeout: timeout) { limit in
            // Anew for each attempt: the answer is written over the question.
            let list = PartitionList(partitions.lazy.map { (key: $0, value: time) })
            let code = rd_kafka_offsets_for_times(pointer, list.pointer, limit)
            answers = list.entries
            return code == RD_KAFKA_RESP_ERR_NO_ERROR ? answers.first { $0.error != code }?.error ?? code : code
        }
        return Dictionary(answers.map { ($0.partition, $0.offset) }) { first, _ in first }
    }

    /// The first three of the partitions by name, and how many there are besides.
    private static func names(_ partitions: [TopicPartition]) -> String {
        let named = partitions.prefix(3).map(\.description).joined(separator: ", ")
        return partitions.count > 3 ? "\(named) and \(partitions.count - 3) others" : named
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
