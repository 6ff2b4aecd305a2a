import CRdKafka
import Logging
import Synchronization

private let log = Logger(label: "kafka")
/// How long an abort waits for the records of its transaction to arrive.
private let arrivalTimeout = Duration.seconds(2)

extension KafkaProducer {
    /// Fences every older producer with the same transactional id, and ends what it had open.
    public func initTransactions(timeout: Duration = .seconds(30)) throws(KafkaError) {
        let stop = client.stop
        try again(within: timeout, "starting transactions", isUnwanted: { stop?.isRequested ?? false }) {
            rd_kafka_init_transactions($0, $1)
        }
    }

    /// Begins a transaction.
    ///
    /// If a request to end the one before (EndTxn) went unanswered, it may still be under way although another one was
    /// answered, and would end this transaction half-way: brokers before Kafka 4.0 can't tell them apart (KIP-890). So
    /// a new handle with the same id takes over first: its epoch fences whatever the network still holds.
    public func beginTransaction() throws(KafkaError) {
        if client.callbacks.hasUnansweredEndTxn.load(ordering: .acquiring) {
            log.notice("the end of a transaction was asked for twice: a new producer fences the first request")
            try renew()
            try initTransactions()
        }
        hasFailed = false
        try KafkaError.check(rd_kafka_begin_transaction(client.pointer), "beginning a transaction")
    }

    /// Puts a group's positions into the transaction: the next offset to read, per partition.
    ///
    /// The broker refuses them when the consumer is no longer a member of its group's present generation.
    public func sendOffsets(
        _ offsets: [TopicPartition: Int64],
        of consumer: KafkaConsumer,
        timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        let metadata = try consumer.groupMetadata()
        let list = PartitionList(offsets)
        let entries = list.pointer
        // In one go: librdkafka can't take this call up again.
        try again(within: timeout, "putting the offsets into the transaction", slice: timeout) {
            rd_kafka_send_offsets_to_transaction($0, entries, metadata.pointer, $1)
        }
    }

    /// Commits: all records and offsets of the transaction become visible at once.
    /// - Throws: an error that says whether it is fatal, requires an abort, or is a time-out.
    public func commitTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try again(within: timeout, "committing a transaction") { rd_kafka_commit_transaction($0, $1) }
        client.callbacks.deliveryFailure = nil
    }

    /// Aborts: nothing of the transaction becomes visible to readers with `read_committed`.
    public func abortTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        if !hasFailed, client.callbacks.deliveryFailure == nil {
            // A broker that has not finished the transaction before this one has not begun this one either, and refuses
            // to end it (INVALID_TXN_STATE), which is fatal for the producer. Once records have arrived it has begun.
            try? flush(timeout: min(timeout, arrivalTimeout))
        }
        try again(within: timeout, "aborting a transaction") { rd_kafka_abort_transaction($0, $1) }
        client.callbacks.deliveryFailure = nil
    }

    /// Makes a blocking call again as long as librdkafka says that it may be, until the time is up, in slices, so that a
    /// stop that is requested meanwhile is seen.
    private func again(
        within timeout: Duration,
        _ doing: String,
        slice: Duration = KafkaProducer.slice,
        isUnwanted: () -> Bool = { false },
        _ call: (OpaquePointer, Int32) -> OpaquePointer?
    ) throws(KafkaError) {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            if isUnwanted() {
                throw KafkaError(RD_KAFKA_RESP_ERR__INTR, doing)
            }
            let time = ContinuousClock.now.duration(to: deadline)
            let left = client.stop?.limit(time) ?? time
            do throws(KafkaError) {
                return try KafkaError.check(call(client.pointer, max(min(left, slice).milliseconds, 1)), doing)
            } catch {
                hasFailed = hasFailed || error.isFatal || error.requiresAbort
                if error.isFatal || error.requiresAbort || !error.isRetriable || left <= .zero {
                    throw error
                }
            }
            rd_kafka_poll(client.pointer, 10)
        }
    }
}
