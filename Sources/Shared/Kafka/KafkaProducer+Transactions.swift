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
            (client, milliseconds, doing) throws(KafkaError) in
            try KafkaError.check(rd_kafka_init_transactions(client, milliseconds), doing)
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

    /// Whether the end of a transaction was asked for without an answer, so that ``beginTransaction()`` would take over from
    /// itself, and fence whoever has taken over meanwhile.
    public var isEndUnanswered: Bool {
        client.callbacks.hasUnansweredEndTxn.load(ordering: .acquiring)
    }

    /// Puts a group's positions into the transaction: the next offset to read, per partition.
    ///
    /// The broker refuses them when the consumer is no longer a member of its group's present generation.
    public func sendOffsets(
        _ offsets: [TopicPartition: Int64],
        of consumer: any GroupMember,
        timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        let metadata = try consumer.groupMetadata()
        let deadline = ContinuousClock.now.advanced(by: timeout)
        // In one go: librdkafka can't take this call up again.
        try again(within: timeout, "putting the offsets into the transaction", slice: timeout) {
            (_, milliseconds, doing) throws(KafkaError) in
            let call = OffsetsCall(client: client, offsets: offsets, metadata: metadata, milliseconds: milliseconds)
            let stop = client.stop
            var answer: Result<Void, KafkaError>?
            do throws(ThreadError) {
                answer = try DedicatedThread.run(
                    name: "kafka-offsets",
                    while: { .now < deadline && stop?.limit(timeout) != .zero },
                    { call.make(doing) }
                )
            } catch {
                throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "\(doing): \(error)", isFatal: true)
            }
            guard let answer else {
                // Whatever else is asked of this handle meanwhile is refused.
                let failure = KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, doing, isFatal: true)
                givenUp = failure
                throw failure
            }
            try answer.get()
        }
    }

    /// Commits: all records and offsets of the transaction become visible at once.
    /// - Throws: an error that says whether it is fatal, requires an abort, or is a time-out.
    public func commitTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try again(within: timeout, "committing a transaction") {
            (client, milliseconds, doing) throws(KafkaError) in
            try KafkaError.check(rd_kafka_commit_transaction(client, milliseconds), doing)
        }
        client.callbacks.deliveryFailure = nil
    }

    /// Aborts: nothing of the transaction becomes visible to readers with `read_committed`.
    public func abortTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        if !hasFailed, client.callbacks.deliveryFailure == nil {
            // A broker that has not finished the transaction before this one has not begun this one either, and refuses
            // to end it (INVALID_TXN_STATE), which is fatal for the producer. Once records have arrived it has begun.
            try? flush(timeout: min(timeout, arrivalTimeout))
        }
        try again(within: timeout, "aborting a transaction") {
            (client, milliseconds, doing) throws(KafkaError) in
            try KafkaError.check(rd_kafka_abort_transaction(client, milliseconds), doing)
        }
        client.callbacks.deliveryFailure = nil
    }

    /// Makes a blocking call again as long as librdkafka says that it may be, until the time is up, in slices, so that a
    /// stop that is requested meanwhile is seen.
    /// - Parameter call: gets the client, its time-out in milliseconds, and what it does in words.
    private func again(
        within timeout: Duration,
        _ doing: String,
        slice: Duration = KafkaProducer.slice,
        isUnwanted: () -> Bool = { false },
        _ call: (OpaquePointer, Int32, String) throws(KafkaError) -> Void
    ) throws(KafkaError) {
        if let givenUp { throw givenUp }
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            if isUnwanted() {
                throw KafkaError(RD_KAFKA_RESP_ERR__INTR, doing)
            }
            let time = ContinuousClock.now.duration(to: deadline)
            let left = client.stop?.limit(time) ?? time
            do throws(KafkaError) {
                return try call(client.pointer, max(min(left, slice).milliseconds, 1), doing)
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

/// A call of `rd_kafka_send_offsets_to_transaction` with all it needs, so that it can be left behind.
///
/// librdkafka 2.0.2 keeps this call's time-out only between two requests: while it waits for the group's
/// coordinator to come back it looks at no clock, and with the broker away for a minute the call lasted a minute. Left
/// behind, it ends when a broker is there again; until then it holds its client, which counts among ``ClosingClients``.
private struct OffsetsCall: @unchecked Sendable {
    let client: KafkaClient
    let offsets: [TopicPartition: Int64]
    let metadata: KafkaConsumer.GroupMetadata
    let milliseconds: Int32

    func make(_ doing: String) -> Result<Void, KafkaError> {
        ClosingClients.shared.count {
            let list = PartitionList(offsets)
            let error = rd_kafka_send_offsets_to_transaction(
                client.pointer,
                list.pointer,
                metadata.pointer,
                milliseconds
            )
            return Result { () throws(KafkaError) in try KafkaError.check(error, doing) }
        }
    }
}
