import Shared

@testable import Aggregator

/// Drives the task of one partition without a broker, as Kafka Streams' TopologyTestDriver does: bytes in, clocks by hand,
/// records with headers out.
final class TaskDriver {
    /// A record that came out.
    struct Output: Equatable {
        var topic: Topic
        var partition: Int32?
        var key: String?
        /// nil is a tombstone.
        var value: String?
        var headers: [String: String]
    }

    private final class Sink: RecordSink {
        var outputs: [Output] = []

        func send(
            to topic: Topic,
            partition: Int32?,
            key: UnsafeBufferPointer<UInt8>?,
            value: UnsafeBufferPointer<UInt8>?,
            headers: [KafkaHeader]
        ) {
            let text = { (bytes: UnsafeBufferPointer<UInt8>) in String(decoding: bytes, as: UTF8.self) }
            let named = Dictionary(headers.map { ($0.name, $0.text) }) { first, _ in first }
            outputs.append(
                Output(topic: topic, partition: partition, key: key.map(text), value: value.map(text), headers: named)
            )
        }
    }

    /// Where the input is said to come from.
    static let input = TopicPartition(topic: "prices.raw", partition: 0)
    /// The clocks that the task is shown.
    var clock = ClockReading(wall: EventTime(microseconds: CoreRun.noon), monotonic: 0)
    /// What the task counts.
    let registry = PrometheusRegistry()
    private let sink = Sink()
    private let task: PartitionTask
    private var offset: Int64 = 0

    /// Takes a partition over that has no state.
    init(_ plan: WindowPlan, partitions: Int = 1, rules: [AlertRule] = [], memory: CoinMemory = .unlimited) {
        task = PartitionTask(
            Partition(plan: plan, memory: memory, rules: rules),
            number: Self.input.partition,
            of: partitions,
            sink: sink,
            metrics: AggregatorMetrics(plan: plan, registry: registry)
        )
    }

    /// Hands a record in, at the next offset.
    /// - Returns: what came out of it.
    @discardableResult
    func send(key: String?, _ value: String?, headers: [KafkaHeader] = []) throws -> [Output] {
        try KafkaRecord.make(
            in: Self.input,
            offset: offset,
            key: key.map { Array($0.utf8) },
            value: value.map { Array($0.utf8) },
            headers: headers
        ) { record in
            while try !task.take(record, clock: clock) { try endTransaction() }
        }
        offset += 1
        return drain()
    }

    /// Hands a tick in, so many seconds after noon.
    @discardableResult
    func tick(_ price: String, second: Int64, coin: String = "bitcoin") throws -> [Output] {
        let time = EventTime(microseconds: CoreRun.noon + second * 1_000_000)
        return try send(
            key: coin,
            #"{"coin_id":"\#(coin)","vs_currency":"usd","price":\#(price),"timestamp":"\#(time)"}"#
        )
    }

    /// Lets both clocks run, and the watermark follow them: the partition has been read to its end.
    func wait(seconds: Int64) throws -> [Output] {
        clock.wall = EventTime(microseconds: clock.wall.microseconds + seconds * 1_000_000)
        clock.monotonic += seconds * 1_000_000
        while try !task.advance(to: clock) { try endTransaction() }
        return drain()
    }

    /// Whether a window has closed or an alert fired since the state was written.
    var hasNews: Bool { task.hasNews }

    /// What was counted since the last time.
    func counts() -> TickCounts {
        task.publishCounts()
    }

    /// What came out in transactions that ended in the middle of a record, or of a close.
    private(set) var transactions: [[Output]] = []

    private func endTransaction() throws {
        try task.writeState()
        transactions.append(drain())
    }

    /// Writes the state that changed.
    func writeState() throws -> [Output] {
        try task.writeState()
        return drain()
    }

    private func drain() -> [Output] {
        defer { sink.outputs = [] }
        return sink.outputs
    }
}
