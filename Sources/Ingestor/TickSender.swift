import Logging
import Shared

/// Sends ticks to `prices.raw` and knows how many arrived. It belongs to the pipeline's thread.
///
/// Its producers are idempotent with `acks=all`, live as long as the process, and never give a record up by themselves: a
/// broker that is away or still loading fills the queues, and a full queue holds the source back.
///
/// A producer has one request on its way at a time, for the sake of order (`KafkaSettings`), and waits for the broker most
/// of the time. So there are several lanes, each a producer of its own for the keys that fall to it: all ticks of a coin go
/// through one lane and keep their order, and with as many partitions as lanes, or a multiple, each partition has one lane.
final class TickSender {
    /// A producer, and its handle of `prices.raw`.
    private struct Lane {
        let producer: KafkaProducer
        let topic: KafkaProducer.DestinationTopic
    }

    /// How many requests may be on their way at a time.
    static let laneCount = 3
    /// The most ticks of a lane that wait for their acknowledgement: with all lanes some 15 MB.
    static let queueLimit = 7_000
    /// How long one attempt to hand a tick over may take before it looks around: at the counts, and for a stop.
    static let attempt: Duration = .seconds(1)

    private let lanes: [Lane]
    private let metrics: IngestorMetrics
    private let readiness: Readiness
    private let log = Logger(label: "ingestor")
    private var counted = (acknowledged: 0, failed: 0)
    private var refused = 0
    private var failure: KafkaError?
    private var checked = ContinuousClock.now
    private var held: KafkaError?
    private var isHeld = false

    /// Makes a sender.
    /// - Throws: ``KafkaError`` when librdkafka refuses a property.
    init(settings: KafkaSettings, metrics: IngestorMetrics, readiness: Readiness) throws(KafkaError) {
        lanes = try (0..<Self.laneCount).map { _ throws(KafkaError) in
            let producer = try KafkaProducer(
                settings: settings,
                mode: .idempotent,
                properties: ["queue.buffering.max.messages": "\(Self.queueLimit)"]
            )
            let topic = try producer.topic(settings.name(.raw), schema: "price-tick/1")
            // Each lane now, not with its first tick: by then the brokers may be away.
            try? producer.look(for: topic)
            return Lane(producer: producer, topic: topic)
        }
        self.metrics = metrics
        self.readiness = readiness
    }

    /// How many ticks are neither acknowledged nor failed.
    var outstanding: Int { lanes.reduce(0) { $0 + $1.producer.outstanding } }

    /// How many ticks were refused or given up.
    var failed: Int { lanes.reduce(refused) { $0 + $1.producer.failed } }

    /// Hands a batch to librdkafka. Waits as long as its queue is full or the brokers don't know the topic, and tries
    /// again with the same tick: nothing is left out, and the order stays.
    /// - Returns: false when stop was requested before all of it was taken.
    /// - Throws: ``KafkaError`` that no attempt can heal.
    func send(_ batch: borrowing TickBatch, stop: StopSignal) throws(KafkaError) -> Bool {
        var taken = 0
        defer { metrics.produced.increment(by: taken) }
        try batch.bytes.withUnsafeBufferPointer { bytes throws(KafkaError) in
            for record in batch.records {
                let key = UnsafeBufferPointer(rebasing: bytes[record.key])
                let value = UnsafeBufferPointer(rebasing: bytes[record.value])
                guard try send(key: key, value: value, isFirst: taken == 0, stop: stop) else { return }
                taken += 1
            }
        }
        return taken == batch.count
    }

    private func send(
        key: UnsafeBufferPointer<UInt8>,
        value: UnsafeBufferPointer<UInt8>,
        isFirst: Bool,
        stop: StopSignal
    ) throws(KafkaError) -> Bool {
        let lane = lanes[Int(Partitioner.partition(of: key, among: lanes.count))]
        while true {
            do throws(KafkaError) {
                try lane.producer.send(
                    to: lane.topic,
                    key: key,
                    value: value,
                    hasSchema: isFirst,
                    patience: Self.attempt
                )
                held = nil
                return true
            } catch {
                if error.isAboutRecord {
                    refused += 1
                    failure = error
                    return true
                }
                if error.disposition == .fatal { throw error }
                held = error.isQueueFull ? nil : error
                try checkDeliveries()
                if stop.isRequested { return false }
            }
        }
    }

    /// Brings the counts up to date, and checks once a second whether the brokers are there.
    /// - Throws: a failure that no attempt can heal; a tick that could not be delivered is counted and logged.
    func checkDeliveries() throws(KafkaError) {
        readiness.heartbeat.beat()
        count()
        guard checked.duration(to: .now) >= .seconds(1) else { return }
        checked = .now
        try reportFailures()
        let error = unreachable() ?? held
        if let error, !isHeld {
            readiness.set("kafka", .failing("\(error)"))
            log.warning("Kafka accepts no ticks; they wait in the queue: \(error)")
        } else if error == nil, isHeld {
            readiness.set("kafka", .ok)
            log.info("Kafka accepts ticks again")
        }
        isHeld = error != nil
    }

    /// Waits until every tick is acknowledged.
    /// - Parameters:
    ///   - timeout: how long to wait; for ever without it.
    ///   - stop: ends the wait early; without it only the time does.
    /// - Returns: whether none is outstanding.
    /// - Throws: as ``checkDeliveries()``.
    func settle(timeout: Duration?, stop: StopSignal? = nil) throws(KafkaError) -> Bool {
        let deadline = timeout.map { ContinuousClock.now.advanced(by: $0) }
        while outstanding > 0, deadline.map({ .now < $0 }) ?? true, stop?.isRequested != true {
            // librdkafka cuts `linger.ms` short while it is flushed.
            for lane in lanes where lane.producer.outstanding > 0 {
                try? lane.producer.flush(timeout: .milliseconds(200) / Self.laneCount)
            }
            try checkDeliveries()
        }
        count()
        try reportFailures()
        return outstanding == 0
    }

    /// Why a lane reaches no broker. One is enough to know it, and each question takes half a second.
    private func unreachable() -> KafkaError? {
        for lane in lanes {
            if let error = lane.producer.unreachable() { return error }
        }
        return nil
    }

    private func count() {
        for lane in lanes { lane.producer.serve() }
        let (acknowledged, failed) = (lanes.reduce(0) { $0 + $1.producer.acknowledged }, failed)
        metrics.acknowledged.increment(by: acknowledged - counted.acknowledged)
        metrics.failed.increment(by: failed - counted.failed)
        metrics.outstanding.set(outstanding)
        counted = (max(acknowledged, counted.acknowledged), failed)
    }

    private func reportFailures() throws(KafkaError) {
        for lane in lanes {
            do throws(KafkaError) {
                try lane.producer.throwDeliveryFailure()
            } catch {
                if error.disposition == .fatal { throw error }
                failure = failure ?? error
            }
        }
        if let failure {
            log.error("\(failed) ticks could not be delivered so far: \(failure)")
            self.failure = nil
        }
    }
}
