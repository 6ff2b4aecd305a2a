import CRdKafka
import Shared

/// A transactional producer on a simulated broker, as librdkafka is one: records wait and go out by themselves, requests that
/// find no answer are made again, and an error says whether it is fatal, requires an abort, or is a time-out.
///
/// Now and then EndTxn isn't answered in time: it was carried out, or it wasn't, or it will be later.
public final class SimulatedProducer {
    struct Waiting {
        var key: [UInt8]?
        var value: [UInt8]?
        var headers: [KafkaHeader]
    }

    /// How many of a thousand ends of a transaction find no answer.
    public var unanswered: UInt64 = 0
    /// How many of a thousand transactions have a record that can't be delivered.
    public var undelivered: UInt64 = 0
    private let process: SimulatedProcess
    private let kafka: SimulatedKafka
    private let id: String
    private let timeout: Int64
    private var epoch = -1
    private var queue: [(partition: TopicPartition, record: Waiting)] = []
    private var isSending = false
    /// Whether the end of a transaction was asked for and not answered: until it is, librdkafka begins no other.
    private var isEnding = false
    private var fatal: KafkaError?
    private var abortable: KafkaError?
    private var simulation: Simulation { process.simulation }

    /// A producer that has not begun.
    /// - Parameter timeout: how long a transaction may last, in microseconds.
    public init(of process: SimulatedProcess, on kafka: SimulatedKafka, id: String, timeout: Int64) {
        self.process = process
        self.kafka = kafka
        self.id = id
        self.timeout = timeout
        process.lastWords.append { [weak self] in
            // Some of what waits may be on its way already.
            guard let self, simulation.chance(1, in: 2) else { return }
            deliver(1 + simulation.number(below: 20))
        }
    }

    /// Fences every older producer with the same id, and ends what it had open.
    public func initTransactions() throws(KafkaError) {
        let deadline = simulation.now + 30_000_000
        while true {
            try ask("starting transactions", until: deadline)
            guard let epoch = kafka.initProducer(id, timeout: timeout) else {
                guard process.sleep(20_000) else { throw .crashed }
                continue
            }
            // Unanswered, it is asked again, and the epoch goes up once more.
            if simulation.chance(1, in: 50) { continue }
            self.epoch = epoch
            return
        }
    }

    /// Begins a transaction.
    public func beginTransaction() throws(KafkaError) {
        guard !process.isDead else { throw .crashed }
        if let fatal { throw fatal }
        guard !isEnding else {
            throw KafkaError(
                code: RD_KAFKA_RESP_ERR__STATE.rawValue,
                name: "_STATE",
                message: "the transaction before has not ended"
            )
        }
        if simulation.random.chance(undelivered, in: 1_000) {
            abortable = KafkaError(
                code: RD_KAFKA_RESP_ERR__MSG_TIMED_OUT.rawValue,
                name: "_MSG_TIMED_OUT",
                message: "a record could not be delivered",
                requiresAbort: true
            )
        }
    }

    /// Hands a record over.
    public func send(
        to topic: String,
        partition: Int32?,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader]
    ) throws(KafkaError) {
        guard !process.isDead else { throw .crashed }
        if let fatal { throw fatal }
        let record = Waiting(key: key.map(Array.init), value: value.map(Array.init), headers: headers)
        let place =
            partition.map { TopicPartition(topic: topic, partition: $0) } ?? kafka.partition(of: record.key, in: topic)
        queue.append((place, record))
        if !isSending { sendSoon() }
    }

    private func sendSoon() {
        isSending = true
        simulation.after(simulation.number(below: 30_000)) { [weak self] in
            guard let self else { return }
            isSending = false
            if process.isConnected { deliver(1 + simulation.number(below: 40)) }
            if !queue.isEmpty, !process.isDead { sendSoon() }
        }
    }

    /// Sends some of what waits, in one request for each partition.
    private func deliver(_ count: Int64) {
        let portion = queue.prefix(Int(count))
        guard fatal == nil, abortable == nil else { return }
        for partition in Set(portion.map(\.partition)).sorted() {
            let records = portion.filter { $0.partition == partition }.map(\.record)
            switch kafka.produce(records, to: partition, id, epoch: epoch) {
            case .done: break
            case .busy: return
            default:
                fatal = Self.fenced
                queue = []
                return
            }
        }
        queue.removeFirst(portion.count)
    }

    /// Waits until every record is acknowledged.
    public func flush(timeout: Duration) throws(KafkaError) {
        let deadline = simulation.now + timeout.wholeMicroseconds
        while !queue.isEmpty {
            try ask("waiting for acknowledgements", until: deadline)
            deliver(1 + simulation.number(below: 100))
            if let fatal { throw fatal }
            if let abortable { throw abortable }
        }
        if let abortable { throw abortable }
    }

    /// Puts a group's positions into the transaction.
    public func sendOffsets(
        _ offsets: [TopicPartition: Int64],
        of consumer: any GroupMember,
        timeout: Duration
    ) throws(KafkaError) {
        guard let (group, member, generation) = (consumer as? SimulatedConsumer)?.membership() else {
            throw .timedOut("no simulated consumer")
        }
        let deadline = simulation.now + timeout.wholeMicroseconds
        while true {
            do throws(KafkaError) {
                try ask("putting the offsets into the transaction", until: deadline)
            } catch {
                // Left behind, the handle is of no more use: see KafkaProducer.sendOffsets.
                if error == .crashed { throw error }
                fatal = KafkaError(code: error.code, name: error.name, message: error.message, isFatal: true)
                throw fatal ?? error
            }
            if let fatal { throw fatal }
            if let abortable { throw abortable }
            switch kafka.addOffsets(offsets, of: group, member: member, generation: generation, id, epoch: epoch) {
            case .done: return
            case .busy:
                guard process.sleep(20_000) else { throw .crashed }
            case .fenced:
                fatal = Self.fenced
                throw Self.fenced
            case .noMember:
                abortable = KafkaError(
                    code: RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION.rawValue,
                    name: "ILLEGAL_GENERATION",
                    message: "putting the offsets into the transaction",
                    requiresAbort: true
                )
                throw abortable ?? Self.fenced
            }
        }
    }

    /// Commits.
    public func commitTransaction(timeout: Duration) throws(KafkaError) {
        try flush(timeout: timeout)
        try endTransaction(isCommitted: true, timeout: timeout)
    }

    /// Aborts.
    public func abortTransaction(timeout: Duration) throws(KafkaError) {
        if let fatal { throw fatal }
        queue = []
        abortable = nil
        try endTransaction(isCommitted: false, timeout: timeout)
    }

    private func endTransaction(isCommitted: Bool, timeout: Duration) throws(KafkaError) {
        let doing = isCommitted ? "committing a transaction" : "aborting a transaction"
        try ask(doing, until: simulation.now + timeout.wholeMicroseconds)
        if let fatal { throw fatal }
        if simulation.random.chance(unanswered, in: 1_000) {
            let (kafka, id, epoch) = (kafka, id, epoch)
            let request = { _ = kafka.endTransaction(id, epoch: epoch, isCommitted: isCommitted) }
            simulation.note("\(id): EndTxn isn't answered")
            switch simulation.number(below: 3) {
            case 0: request()
            case 1: break
            default: simulation.after(simulation.number(below: 12_000_000), request)
            }
            isEnding = true
            guard process.sleep(timeout.wholeMicroseconds) else { throw .crashed }
            throw .timedOut(doing)
        }
        guard kafka.endTransaction(id, epoch: epoch, isCommitted: isCommitted) == .done else {
            fatal = Self.fenced
            throw Self.fenced
        }
        isEnding = false
        guard process.step() else { throw .crashed }
    }

    private func ask(_ doing: String, until deadline: Int64) throws(KafkaError) {
        guard process.step() else { throw .crashed }
        while !process.isConnected {
            if simulation.now >= deadline { throw .timedOut(doing) }
            guard process.sleep(100_000) else { throw .crashed }
        }
        if simulation.now >= deadline { throw .timedOut(doing) }
    }

    private static let fenced = KafkaError(
        code: RD_KAFKA_RESP_ERR_PRODUCER_FENCED.rawValue,
        name: "PRODUCER_FENCED",
        message: "a newer producer has taken over",
        isFatal: true
    )
}
