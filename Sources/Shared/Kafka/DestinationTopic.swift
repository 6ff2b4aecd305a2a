import CRdKafka
import Synchronization

extension KafkaProducer {
    /// A topic to write to, made once and used for each record.
    public final class DestinationTopic {
        /// Its full name.
        public let name: String
        let schema: ContiguousArray<CChar>?
        private(set) var handle: Handle
        /// `KafkaCallbacks.partitionChanges` before the look that found its partitions.
        private var keptSince: Int?

        /// librdkafka's handle of a topic, which must go before its client does.
        final class Handle {
            let client: KafkaClient
            let pointer: OpaquePointer

            init(_ name: String, client: KafkaClient) throws(KafkaError) {
                guard let pointer = rd_kafka_topic_new(client.pointer, name, nil) else {
                    throw KafkaError(rd_kafka_last_error(), "the topic \(name)")
                }
                self.client = client
                self.pointer = pointer
            }

            deinit {
                rd_kafka_topic_destroy(pointer)
            }
        }

        init(_ name: String, schema: String?, client: KafkaClient) throws(KafkaError) {
            self.name = name
            self.schema = schema.map { ContiguousArray($0.utf8CString) }
            handle = try Handle(name, client: client)
        }

        /// Whether the client knows the topic's partitions and keeps them, queues included, whatever a broker says later.
        ///
        /// After a broker has said that there is no such topic, that is so again with the next look that finds it. A
        /// client without partitions forgets within a second why it has none; it takes records then, and fails them when
        /// it hears once more that there is no topic (`rd_kafka_topic_scan_all` and `rd_kafka_topic_assign_uas`, 2.0.2).
        func isKept(by client: KafkaClient) -> Bool {
            keptSince == client.callbacks.partitionChanges.load(ordering: .acquiring) && handle.client === client
        }

        /// Looks for the topic's partitions, and makes the client keep them. Partitions that are added later are kept
        /// after the next look.
        /// - Throws: the error of the look; `_UNKNOWN_TOPIC` when the brokers know no such topic.
        func keep(by client: KafkaClient, timeout: Duration) throws(KafkaError) {
            if handle.client !== client {
                keptSince = nil
                handle = try Handle(name, client: client)
            }
            let changes = client.callbacks.partitionChanges.load(ordering: .acquiring)
            guard let count = try client.metadata(topic: name, timeout: timeout)[name], count > 0 else {
                throw KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "looking for the topic \(name)")
            }
            for partition in 0..<Int32(clamping: count) {
                client.keep(TopicPartition(topic: name, partition: partition))
            }
            keptSince = changes
        }
    }
}
