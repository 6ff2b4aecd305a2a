import CRdKafka
import Glibc
import Ingestor
import Shared
import TestSupport

extension Benchmark {
    /// The simulator at its highest rate, through the pipeline as the service runs it, until all is acknowledged; next
    /// to a bare loop over `rd_kafka_produce` that sends records with the same bytes to the same broker under the same
    /// settings, and to the same loop over ``KafkaProducer``, which adds the header `schema`. Each starts with a new client
    /// and ends with the last acknowledgement.
    static let ingestor = Benchmark(name: "ingestor", summary: "the simulator at its highest rate into Kafka") {
        report in
        let broker = try TestBroker(topics: ["prices.raw": 3])
        let count = 400_000
        try IngestorBench.simulate(20_000, into: broker)
        let records = try broker.records(of: broker.name("prices.raw"))
        guard records.count == 20_000 else { throw BenchmarkError("\(records.count) of 20000 ticks arrived") }
        // In the order in which they were made, from partition to partition, and not in that of the reading.
        let order = try records.map { record in
            let value = Array((record.value ?? "").utf8)
            return (time: try ScannedTick(json: value.span).timestamp, record: record)
        }
        let loop = try IngestorBench.RawLoop(order.sorted { $0.time < $1.time }.map(\.record))

        let timings = try Timing.best(
            rounds: 5,
            of: [
                { try IngestorBench.simulate(count, into: broker) },
                { try loop.run(count, into: broker) },
                { try loop.runProducer(count, into: broker) },
            ]
        )
        let bare = (name: "rd_kafka_produce", count: count, timing: timings[1])
        let producer = (name: "KafkaProducer", count: count, timing: timings[2])
        report.addRate("acknowledged_ticks_per_s", of: count, in: timings[0], baseline: bare)
        report.addRate("acknowledged_ticks_per_core_s", of: count, in: timings[0], by: .cpu, baseline: bare)
        report.addRate("with_header_ticks_per_core_s", of: count, in: timings[0], by: .cpu, baseline: producer)
        let bytes = records.reduce(0) { $0 + ($1.value?.utf8.count ?? 0) }
        report.add(Figure(metric: "bytes_per_tick", value: Double(bytes) / Double(records.count)))
    }
}

/// What the `ingestor` benchmark runs.
private enum IngestorBench {
    /// Runs the service's own pipeline until so many ticks are acknowledged.
    static func simulate(_ count: Int, into broker: TestBroker) throws {
        let environment = [
            "INGESTOR_SOURCE": "simulator", "INGESTOR_RATE": "max", "INGESTOR_TICKS": "\(count)",
            "INGESTOR_COINS": "250", "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
        ]
        let (pipeline, _) = try IngestorCommand.start(SettingsReader(environment: environment))
        try pipeline.run(stop: StopSignal())
    }

    /// The records of a topic, to be sent again and again without any work of our own.
    struct RawLoop {
        private var bytes: [UInt8] = []
        private var places: [(key: Range<Int>, value: Range<Int>)] = []

        init(_ records: [TestRecord]) throws {
            for record in records {
                guard let key = record.key, let value = record.value else { throw BenchmarkError("a tombstone") }
                let start = bytes.count
                bytes.append(contentsOf: key.utf8)
                let middle = bytes.count
                bytes.append(contentsOf: value.utf8)
                places.append((start..<middle, middle..<bytes.count))
            }
        }

        /// Sends `count` records, with the header, through a ``KafkaProducer`` of its own, and waits likewise.
        func runProducer(_ count: Int, into broker: TestBroker) throws {
            let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
            let topic = try producer.topic(broker.name("prices.raw"), schema: "price-tick/1")
            try bytes.withUnsafeBufferPointer { bytes in
                for index in 0..<count {
                    let place = places[index % places.count]
                    let key = UnsafeBufferPointer(rebasing: bytes[place.key])
                    try producer.send(to: topic, key: key, value: UnsafeBufferPointer(rebasing: bytes[place.value]))
                }
            }
            try producer.flush(timeout: .seconds(60))
        }

        /// Sends `count` records with a client of its own, and waits until all are acknowledged.
        func run(_ count: Int, into broker: TestBroker) throws {
            let configuration = rd_kafka_conf_new()
            let properties = [
                "bootstrap.servers": broker.settings.bootstrapServers, "enable.idempotence": "true", "acks": "all",
                "partitioner": "murmur2_random", "compression.codec": "lz4", "linger.ms": "5",
                "message.timeout.ms": "0", "delivery.report.only.error": "true",
            ]
            for (name, value) in properties {
                guard rd_kafka_conf_set(configuration, name, value, nil, 0) == RD_KAFKA_CONF_OK else {
                    throw BenchmarkError("librdkafka refuses \(name)")
                }
            }
            guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0),
                let topic = rd_kafka_topic_new(client, broker.name("prices.raw"), nil)
            else { throw BenchmarkError("no client") }
            defer {
                rd_kafka_topic_destroy(topic)
                rd_kafka_destroy(client)
            }
            try bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                for index in 0..<count {
                    let place = places[index % places.count]
                    while rd_kafka_produce(
                        topic,
                        RD_KAFKA_PARTITION_UA,
                        RD_KAFKA_MSG_F_COPY,
                        UnsafeMutableRawPointer(mutating: base + place.value.lowerBound),
                        place.value.count,
                        base + place.key.lowerBound,
                        place.key.count,
                        nil
                    ) != 0 {
                        guard rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL else {
                            throw BenchmarkError("rd_kafka_produce failed")
                        }
                        rd_kafka_poll(client, 100)
                    }
                    if index % 1_000 == 0 { rd_kafka_poll(client, 0) }
                }
            }
            guard rd_kafka_flush(client, 60_000) == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw BenchmarkError("not everything was acknowledged within a minute")
            }
        }
    }
}
