import CRdKafka
import Shared

/// A broker's partitions, transactions and groups, with the rules of Apache Kafka 3.x that the services rest on.
///
/// What it takes for granted of the real one, beyond ``SimulatedLog``:
/// - a transactional id has one producer: who asks for it (InitProducerId) raises its epoch, has its predecessor's open
///   transaction aborted, and waits for the end of one that is ending; what comes with an older epoch is refused;
/// - a transaction that is open for longer than its producer said is aborted, and its producer refused;
/// - the answer to EndTxn comes once the outcome is decided; the markers follow partition by partition, later;
/// - offsets that go into a transaction (TxnOffsetCommit), or are committed, are taken of a member of the group's present
///   generation only, also while the group waits for its members to join again; see ``SimulatedGroup``.
///
/// What the real one does is tested on a real one by `KAFKA_BOOTSTRAP_SERVERS` (CrashTests, KafkaTransactionTests).
public final class SimulatedKafka {
    /// How a request is answered.
    enum Answer {
        case done
        /// A newer producer has taken over, or the transaction was given up.
        case fenced
        /// The transaction before is still ending: ask again.
        case busy
        /// Not, or no longer, a member of the group's present generation.
        case noMember
    }

    private final class Producer {
        var epoch = -1
        var timeout: Int64 = 0
        var current: SimulatedTransaction?
        var ending: SimulatedTransaction?
        /// How the transaction before ended, for an EndTxn that comes twice.
        var lastOutcome: Bool?
    }

    /// Where time comes from.
    public let simulation: Simulation
    private var topics: [String: [SimulatedLog]] = [:]
    private var producers: [String: Producer] = [:]
    private var groups: [String: SimulatedGroup] = [:]

    /// A broker with topics.
    /// - Parameter partitions: how many each topic has.
    public init(_ simulation: Simulation, topics names: [String], partitions: Int) {
        self.simulation = simulation
        for name in names {
            topics[name] = (0..<Int32(partitions)).map { SimulatedLog(TopicPartition(topic: name, partition: $0)) }
        }
    }

    // MARK: - Partitions

    /// The partitions of a topic.
    public func logs(of topic: String) -> [SimulatedLog] {
        topics[topic] ?? []
    }

    /// A partition; there must be one.
    public subscript(partition: TopicPartition) -> SimulatedLog {
        logs(of: partition.topic)[Int(partition.partition)]
    }

    /// Which partition of a topic a key belongs to.
    public func partition(of key: [UInt8]?, in topic: String) -> TopicPartition {
        let count = logs(of: topic).count
        let number = (key ?? []).withUnsafeBufferPointer { Partitioner.partition(of: $0, among: count) }
        return TopicPartition(topic: topic, partition: number)
    }

    /// Writes a record that belongs to no transaction.
    public func append(_ topic: String, key: [UInt8]?, value: [UInt8]?, headers: [KafkaHeader] = []) {
        self[partition(of: key, in: topic)].append(key: key, value: value, headers: headers, time: time)
    }

    /// Compacts a topic again and again, as a broker does.
    /// - Parameter pause: how often on average, in microseconds.
    public func compact(_ topic: String, every pause: Int64) {
        simulation.after(simulation.number(below: 2 * pause)) { [weak self] in
            guard let self else { return }
            for log in logs(of: topic) { log.compact(keepsTombstones: simulation.chance(1, in: 2)) }
            compact(topic, every: pause)
        }
    }

    private var time: Int64 { (Simulation.beginning + simulation.now) / 1_000 }

    // MARK: - Transactions

    /// - Returns: the epoch, or nil when the caller has to ask again.
    func initProducer(_ id: String, timeout: Int64) -> Int? {
        let producer = producers[id] ?? Producer()
        producers[id] = producer
        producer.timeout = timeout
        if let current = producer.current {
            producer.epoch += 1
            end(current, of: producer, isCommitted: false)
        }
        if producer.ending != nil { return nil }
        producer.epoch += 1
        producer.lastOutcome = nil
        return producer.epoch
    }

    func produce(_ records: [SimulatedProducer.Waiting], to partition: TopicPartition, _ id: String, epoch: Int)
        -> Answer
    {
        begin(id, epoch: epoch) { transaction in
            transaction.partitions.insert(partition)
            for record in records {
                self[partition].append(
                    key: record.key,
                    value: record.value,
                    headers: record.headers,
                    time: time,
                    transaction: transaction
                )
            }
            return .done
        }
    }

    func addOffsets(
        _ offsets: [TopicPartition: Int64],
        of group: String,
        member: String,
        generation: Int,
        _ id: String,
        epoch: Int
    ) -> Answer {
        begin(id, epoch: epoch) { transaction in
            guard self.group(group).isMember(member, generation: generation) else { return .noMember }
            transaction.offsets.append((group, offsets))
            return .done
        }
    }

    func endTransaction(_ id: String, epoch: Int, isCommitted: Bool) -> Answer {
        guard let producer = producers[id], producer.epoch == epoch else { return .fenced }
        guard let current = producer.current else {
            return producer.lastOutcome == isCommitted ? .done : producer.lastOutcome == nil ? .done : .fenced
        }
        end(current, of: producer, isCommitted: isCommitted)
        return .done
    }

    private func begin(_ id: String, epoch: Int, _ body: (SimulatedTransaction) -> Answer) -> Answer {
        guard let producer = producers[id], producer.epoch == epoch else { return .fenced }
        if producer.ending != nil { return .busy }
        if let current = producer.current { return body(current) }
        let transaction = SimulatedTransaction(epoch: epoch, began: simulation.now)
        producer.current = transaction
        simulation.after(producer.timeout) { [unowned self, unowned producer] in
            guard producer.current === transaction else { return }
            simulation.note("the transaction of \(id) has lasted too long")
            producer.epoch += 1
            end(transaction, of: producer, isCommitted: false)
        }
        return body(transaction)
    }

    private func end(_ transaction: SimulatedTransaction, of producer: Producer, isCommitted: Bool) {
        transaction.isCommitted = isCommitted
        producer.current = nil
        producer.ending = transaction
        producer.lastOutcome = isCommitted
        var left = transaction.partitions.count
        let finish = { [self] in
            producer.ending = nil
            guard isCommitted else { return }
            for (group, offsets) in transaction.offsets { self.group(group).offsets.merge(offsets) { $1 } }
        }
        if left == 0 { finish() }
        for partition in transaction.partitions.sorted() {
            let delay = simulation.number(below: simulation.chance(1, in: 20) ? 2_000_000 : 5_000)
            simulation.after(delay) { [self] in
                self[partition].mark(transaction, time: time)
                left -= 1
                if left == 0 { finish() }
            }
        }
    }

    // MARK: - Groups

    /// A group, which is made when it is asked for.
    public func group(_ name: String) -> SimulatedGroup {
        if let group = groups[name] { return group }
        let group = SimulatedGroup(simulation) { [unowned self] in logs(of: $0).map(\.name) }
        groups[name] = group
        return group
    }
}

extension KafkaError {
    /// What becomes of calls of a process that has crashed.
    public static let crashed = KafkaError(
        code: RD_KAFKA_RESP_ERR__DESTROY.rawValue,
        name: "_DESTROY",
        message: "the simulated process has crashed",
        isFatal: true
    )

    /// What a call answers whose time is up.
    public static func timedOut(_ doing: String) -> KafkaError {
        KafkaError(code: RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue, name: "_TIMED_OUT", message: doing, isRetriable: true)
    }
}
