import Shared

/// The exactly-once session: one transaction after the other, each with everything that came of its input, and with the
/// positions that it was read to.
///
/// A transaction begins with the first record sent and ends in ``commit(_:of:timeout:)`` or ``abort(timeout:)``. What an
/// error of any call means:
///
/// - it requires an abort: ``abort(timeout:)``, then the input is read again from the state's position, with this session;
/// - it is fatal for the client (fenced by a newer producer of the same name, or the broker has ended the transaction
///   without it): ``ProducerLost``, a new session takes over, and begins by ending what this one left open;
/// - all else: as ``KafkaError/disposition`` says.
///
/// It belongs to the thread that made it.
final class TransactionSession: RecordSink {
    private let producer: any TransactionalProducer

    /// Whether a transaction is open.
    private(set) var isOpen = false
    /// Records sent in the open transaction. It is looked at with every record that is read, and nothing calls back.
    @exclusivity(unchecked) private var recordCount = 0
    private let recordLimit: Int
    /// With so many records a transaction is full, but in tests.
    static let usualRecordLimit = 50_000

    /// Ends what an earlier session of the same name had open.
    /// - Parameter recordLimit: with so many records a transaction is full. It leaves time for the state that goes with them:
    ///   a broker ends a transaction that lasts too long, and the one that is begun in its place would be as long.
    /// - Throws: ``KafkaError``.
    init(_ producer: any TransactionalProducer, recordLimit: Int = usualRecordLimit) throws(KafkaError) {
        self.producer = producer
        self.recordLimit = recordLimit
        try producer.initTransactions()
    }

    /// Connects, and ends what an earlier session of the same name had open: see ``KafkaTransactions``.
    /// - Throws: ``KafkaError``.
    convenience init(
        kafka: KafkaSettings,
        id: String,
        limit: Duration,
        stop: StopSignal? = nil
    ) throws(KafkaError) {
        try self.init(KafkaTransactions(kafka: kafka, id: id, limit: limit, stop: stop))
    }

    /// Begins a transaction unless one is open.
    func begin() throws(KafkaError) {
        guard !isOpen else { return }
        try producer.beginTransaction()
        isOpen = true
        recordCount = 0
    }

    /// Whether the open transaction has so many records that it should be committed before more results go into it.
    var isFull: Bool { isOpen && recordCount >= recordLimit }

    /// Sends a record, in a transaction of its own if none is open.
    func send(
        to topic: Topic,
        partition: Int32?,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader]
    ) throws {
        try begin()
        recordCount += 1
        try producer.send(to: topic, partition: partition, key: key, value: value, headers: headers)
    }

    /// Commits: everything sent and the offsets become visible at once.
    /// - Parameters:
    ///   - offsets: by partition the next offset to read.
    ///   - consumer: whose membership of its group is checked by the broker: a zombie's commit is refused.
    ///   - timeout: for each step.
    func commit(_ offsets: [TopicPartition: Int64], of consumer: any GroupMember, timeout: Duration) throws(KafkaError)
    {
        // The state must have arrived before the broker checks our membership: whoever takes over after the check
        // then finds it there, open or committed, and waits for its end.
        try producer.flush(timeout: timeout)
        try producer.sendOffsets(offsets, of: consumer, timeout: timeout)
        try producer.commitTransaction(timeout: timeout)
        isOpen = false
    }

    /// Commits everything sent; there are no offsets to go with it.
    func commit(timeout: Duration) throws(KafkaError) {
        guard isOpen else { return }
        try producer.commitTransaction(timeout: timeout)
        isOpen = false
    }

    /// Takes back everything sent since the transaction began.
    func abort(timeout: Duration) throws(KafkaError) {
        guard isOpen else { return }
        isOpen = false
        try producer.abortTransaction(timeout: timeout)
    }
}
