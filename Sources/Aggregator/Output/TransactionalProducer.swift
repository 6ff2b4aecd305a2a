import Shared

/// What a session asks of a producer with a transactional id: ``KafkaTransactions``, or one of a simulation.
protocol TransactionalProducer: AnyObject {
    /// Fences every older producer with the same id, and ends what it had open.
    func initTransactions() throws(KafkaError)

    /// Begins a transaction.
    func beginTransaction() throws(KafkaError)

    /// Hands a record over; its bytes are copied.
    func send(
        to topic: Topic,
        partition: Int32?,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader]
    ) throws(KafkaError)

    /// Waits until every record is acknowledged.
    func flush(timeout: Duration) throws(KafkaError)

    /// Puts a group's positions into the transaction.
    func sendOffsets(
        _ offsets: [TopicPartition: Int64],
        of consumer: any GroupMember,
        timeout: Duration
    ) throws(KafkaError)

    /// Commits.
    func commitTransaction(timeout: Duration) throws(KafkaError)

    /// Aborts.
    func abortTransaction(timeout: Duration) throws(KafkaError)
}
