import Logging
import Shared

/// Sends ticks to `prices.raw` and knows how many arrived. It belongs to the pipeline's thread.
///
/// The producer is idempotent with `acks=all`, lives as long as the process, and never gives a record up by itself: a
/// broker that is away or still loading fills the queue, and a full queue holds the source back.
final class TickSender {
    /// The most ticks that wait for their acknowledgement: some 15 MB, and a second's worth at a broker's full speed.
    static let queueLimit = 20_000
    /// How long one attempt to hand a tick over may take before it looks around: at the counts, and for a stop.
    static let attempt: Duration = .seconds(1)

    private let producer: KafkaProducer
    private let topic: KafkaProducer.DestinationTopic
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
        producer = try KafkaProducer(
            settings: settings,
            mode: .idempotent,
            properties: ["queue.buffering.max.messages": "\(Self.queueLimit)"]
        )
        topic = try producer.topic(settings.name(.raw), schema: "price-tick/1")
        self.metrics = metrics
        self.readiness = readiness
    }

    /// How many ticks are neither acknowledged nor failed.
    var outstanding: Int { producer.outstanding }

    /// How many ticks were refused or given up.
    var failed: Int { producer.failed + refused }

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
                guard try send(key: key, value: value, stop: stop) else { return }
                taken += 1
            }
        }
        return taken == batch.count
    }

    private func send(
        key: UnsafeBufferPointer<UInt8>,
        value: UnsafeBufferPointer<UInt8>,
        stop: StopSignal
    ) throws(KafkaError) -> Bool {
        while true {
            do throws(KafkaError) {
                try producer.send(to: topic, key: key, value: value, patience: Self.attempt)
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
        let error = producer.unreachable() ?? held
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
        while producer.outstanding > 0, deadline.map({ .now < $0 }) ?? true, stop?.isRequested != true {
            // librdkafka cuts `linger.ms` short while it is flushed.
            try? producer.flush(timeout: .milliseconds(200))
            try checkDeliveries()
        }
        count()
        try reportFailures()
        return producer.outstanding == 0
    }

    private func count() {
        producer.serve()
        let (acknowledged, failed) = (producer.acknowledged, failed)
        metrics.acknowledged.increment(by: acknowledged - counted.acknowledged)
        metrics.failed.increment(by: failed - counted.failed)
        metrics.outstanding.set(producer.outstanding)
        counted = (max(acknowledged, counted.acknowledged), failed)
    }

    private func reportFailures() throws(KafkaError) {
        do throws(KafkaError) {
            try producer.throwDeliveryFailure()
        } catch {
            if error.disposition == .fatal { throw error }
            failure = failure ?? error
        }
        if let failure {
            log.error("\(failed) ticks could not be delivered so far: \(failure)")
            self.failure = nil
        }
    }
}
