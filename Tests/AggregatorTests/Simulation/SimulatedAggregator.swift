import Logging
import Shared
import TestSupport

@testable import Aggregator

/// The Aggregator in a simulation: its loop, its tasks, its session, its restore and its core are those of the service. A list
/// takes the place of the rules' topic, because when an instance hears of a change isn't determined.
struct SimulatedAggregator {
    let settings: AggregatorSettings
    let kafka: SimulatedKafka
    let rules: [AlertRule]
    /// Gets what only a person could mend.
    let failed: (String) -> Void
    var unanswered: UInt64 = 0
    var undelivered: UInt64 = 0
    /// How long a transaction may last, in microseconds. Whatever it is, it is no fence.
    var transactionLimit: Int64 = 4_000_000
    /// A close pauses after this many coins and results.
    var closeLimit = PartitionWindows.usualCloseLimit
    /// With so many records a transaction is full.
    var recordLimit = TransactionSession.usualRecordLimit
    /// Whether an instance that takes another's place has its name.
    var keepsName = true
    static let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    /// One process, from its start to its end. With a client that is lost it begins anew, too.
    func live(_ process: SimulatedProcess, until stop: StopSignal) {
        let mayPass = { (error: any Error) in
            (error as? KafkaError)?.isClientLost ?? false || (error as? any ClassifiedError)?.disposition == .retry
        }
        process.live(until: stop, mayPass: mayPass, failed: failed) { try run(process, until: stop) }
    }

    private func run(_ process: SimulatedProcess, until stop: StopSignal) throws {
        let clocks = process.simulation.clocks
        let id = keepsName ? String(process.name.prefix { $0 != "." }) : process.name
        let producer = SimulatedProducer(of: process, on: kafka, id: id, timeout: transactionLimit)
        producer.unanswered = unanswered
        producer.undelivered = undelivered
        let session = try TransactionSession(producer, recordLimit: recordLimit)
        let metrics = AggregatorMetrics(plan: settings.plan, registry: PrometheusRegistry())
        let partitions = kafka.logs(of: settings.kafka.name(.raw)).count
        let states = StateRestorer(
            settings: settings,
            memory: CoinMemory(limit: settings.coinMemory / partitions),
            metrics: metrics,
            logger: Self.logger,
            clocks: clocks,
            read: process.reading(of: kafka)
        )
        let tasks = PartitionTasks(
            settings: settings,
            metrics: metrics,
            session: session,
            rules: RuleList(inForce: rules),
            states: OneByOne(restorer: states, closeLimit: closeLimit),
            inputPartitions: partitions,
            logger: Self.logger,
            clocks: clocks,
            isBrokerReachable: { process.isConnected }
        )
        let consumer = SimulatedConsumer(
            of: process,
            on: kafka,
            group: settings.group,
            topics: [settings.kafka.name(.raw)],
            handler: tasks
        )
        let loop = TransactionLoop(
            settings: settings,
            readiness: Readiness("partitions"),
            logger: Self.logger,
            clocks: clocks
        )
        try loop.run(until: stop, consumer: consumer, tasks: tasks)
    }
}

/// Rules that never change.
private final class RuleList: RuleSource {
    let inForce: [AlertRule]

    init(inForce: [AlertRule]) {
        self.inForce = inForce
    }

    func deliver(to tasks: [Int32: PartitionTask], of partitionCount: Int) {}
}

/// Restores partitions one after the other: threads of its own are no part of a simulation.
private struct OneByOne: StateSource {
    let restorer: StateRestorer
    let closeLimit: Int

    func restore(
        _ partitions: [Int32],
        rules: [AlertRule],
        until deadline: ContinuousClock.Instant
    ) throws -> [StateRestorer.Restored] {
        try partitions.map {
            var restored = try restorer.restore($0, rules: rules, until: deadline)
            restored.partition.closeLimit = closeLimit
            return restored
        }
    }
}

extension SimulatedProcess {
    /// Reads a partition to its end as ``KafkaReader/readToEnd(of:from:timeout:_:)`` does: until what was its end at some time,
    /// open transactions included, has been read.
    fileprivate func reading(of kafka: SimulatedKafka) -> StateRestorer.Reading {
        let source = Reading(kafka: kafka)
        return { [self] partition, timeout, body in try source.read(partition, timeout, by: self, body) }
    }
}

/// One thread at a time has it.
private struct Reading: @unchecked Sendable {
    let kafka: SimulatedKafka

    func read(
        _ partition: TopicPartition,
        _ timeout: Duration,
        by process: SimulatedProcess,
        _ body: (KafkaRecord) throws -> Void
    ) throws {
        let log = kafka[partition]
        let deadline = process.simulation.now + timeout.wholeMicroseconds
        var next = log.start
        while true {
            guard process.step(isPoll: true) else { throw KafkaError.crashed }
            if process.isConnected {
                let limit = log.stableEnd
                var room = 200
                var index = log.index(of: next)
                while room > 0, index < log.records.count, log.records[index].offset < limit {
                    let record = log.records[index]
                    index += 1
                    room -= 1
                    next = record.offset + 1
                    guard log.isVisible(record) else { continue }
                    try KafkaRecord.make(in: partition, offset: record.offset, key: record.key, value: record.value) {
                        try body($0)
                    }
                }
                if index == log.records.count || log.records[index].offset >= limit { next = max(next, limit) }
                if next >= log.end { return }
            }
            guard process.simulation.now < deadline else { throw KafkaError.timedOut("reading to the end") }
            guard process.sleep(50_000) else { throw KafkaError.crashed }
        }
    }
}

extension SimulatedProducer: TransactionalProducer {
    /// Hands a record over.
    public func send(
        to topic: Topic,
        partition: Int32?,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader]
    ) throws(KafkaError) {
        try send(to: topic.rawValue, partition: partition, key: key, value: value, headers: headers)
    }
}
