import Shared

/// Where the records of a partition go: into a transaction, or to a driver without a broker.
protocol RecordSink: AnyObject {
    /// Takes a record; its bytes are valid during the call only.
    /// - Parameters:
    ///   - partition: the partition to write to; chosen by the key without it.
    ///   - value: nil is a tombstone.
    func send(
        to topic: Topic,
        partition: Int32?,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader]
    ) throws
}
