import Logging
import Shared

/// Sends ticks to `prices.raw` and knows how many arrived. It belongs to the pipeline's thread.
///
/// The producer is idempotent with `acks=all` and never gives a record up by itself: a broker that is away fills the
/// queue, and a full queue holds the source back.
final class TickSender {
    /// The most ticks that wait for their acknowledgement: some 15 MB, and a second's worth at a broker's full speed.
    static let queueLimit = 20_000

    private let producer: KafkaProducer
    private let topic: KafkaProducer.DestinationTopic
    private let metrics: IngestorMetrics
    private let readiness: Readiness
    private let log = Logger(label: "ingestor")
    private var counted = (acknowledged: 0, failed: 0)
    private var looked = ContinuousClock.now
    private var isReachable = true

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

    /// Hands a batch to librdkafka; waits as long as its queue is full.
    /// - Returns: false when stop was requested before all of it was taken.
    /// - Throws: ``KafkaError`` when a tick cannot be sent.
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
                try producer.send(to: topic, key: key, value: value, patience: .seconds(1))
                return true
            } catch  where error.isQueueFull {
                try look()
                if stop.isRequested { return false }
            }
        }
    }

    /// Brings the counts up to date, and once a second looks whether the brokers are there.
    /// - Throws: the first tick's failure that librdkafka gave up on.
    func look() throws(KafkaError) {
        readiness.heartbeat.beat()
        producer.serve()
        let acknowledged = producer.acknowledged
        let failed = producer.failed
        metrics.acknowledged.increment(by: acknowledged - counted.acknowledged)
        metrics.failed.increment(by: failed - counted.failed)
        metrics.outstanding.set(producer.outstanding)
        counted = (max(acknowledged, counted.acknowledged), failed)
        try producer.throwDeliveryFailure()
        guard looked.duration(to: .now) >= .seconds(1) else { return }
        looked = .now
        let error = producer.unreachable()
        if let error, isReachable {
            readiness.set("kafka", .failing("\(error)"))
            log.warning("Kafka cannot be reached, ticks wait in the queue: \(error)")
        } else if error == nil, !isReachable {
            readiness.set("kafka", .ok)
            log.info("Kafka can be reached again")
        }
        isReachable = error == nil
    }

    /// Waits until every tick is acknowledged.
    /// - Parameters:
    ///   - timeout: how long to wait.
    ///   - stop: ends the wait early; without it only the time does.
    /// - Returns: whether none is outstanding.
    /// - Throws: as ``look()``.
    func settle(timeout: Duration, stop: StopSignal? = nil) throws(KafkaError) -> Bool {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while producer.outstanding > 0, ContinuousClock.now < deadline, stop?.isRequested != true {
            // librdkafka cuts `linger.ms` short while it is flushed.
            try? producer.flush(timeout: .milliseconds(200))
            try look()
        }
        try look()
        return producer.outstanding == 0
    }
}
