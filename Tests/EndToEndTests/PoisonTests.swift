import Foundation
import Shared
import TestSupport
import Testing

/// Nine records of ten are bad, in every way there is. On a real broker: `KAFKA_BOOTSTRAP_SERVERS=HOST:PORT
/// TICKLINE_POISON=1000000 swift test --filter PoisonTests`; the mock broker's 5 MiB a partition allow a small run.
@Suite("Poison", .ownThread)
struct PoisonTests {
    private static let count = Int(ProcessInfo.processInfo.environment["TICKLINE_POISON"] ?? "") ?? 3_000
    private static let seed = UInt64(ProcessInfo.processInfo.environment["TICKLINE_SEED"] ?? "") ?? 1
    /// Resident memory that no service may exceed, in KiB: what the compose file allows each.
    private static let memory = 256 * 1024
    private static let partitions = 3

    /// Who must refuse a record of a topic.
    private static func readers(of topic: Topic) -> Set<String> {
        switch topic {
        case .raw: ["aggregator", "persister", "cacher"]
        case .alertRules: ["aggregator"]
        default: ["persister", "cacher"]
        }
    }

    @Test("Every good tick arrives, every bad record is a dead letter with a reason, and no service restarts")
    func poison() throws {
        let broker = try TestBroker(partitions: Self.partitions)
        let postgres = try PostgresServer.shared.get()
        let database = try postgres.makeDatabase()
        defer { postgres.dropDatabase(database) }
        let redis = try RedisServer()
        var environment = [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
            "POSTGRES_URL": database, "REDIS_URL": redis.url, "SCHEMA_DIR": Stack.schema,
        ]
        for (name, value) in broker.settings.properties {
            environment["KAFKA_" + name.uppercased().replacing(".", with: "_")] = value
        }
        let migration = try ServiceProcess.run("persister", ["migrate"], environment: environment)
        try #require(migration.code == 0, "\(migration.output)")
        let services = try ["aggregator", "persister", "cacher"].map {
            try ServiceProcess($0, environment: environment)
        }
        for service in services { try service.waitUntilReady() }

        let expected = try produce(to: broker)
        let (refused, wrong) = try deadLetters(of: broker, until: expected, services)
        for (number, damage) in expected.damages {
            let missing = expected.readers[number].subtracting(refused[number] ?? [])
            if !missing.isEmpty {
                Issue.record("\(number), \(damage): no dead letter of \(missing), seed \(Self.seed)")
            }
        }
        #expect(wrong.isEmpty, "good ticks among the dead letters, or letters without a reason: \(wrong.prefix(5))")

        let persister = services[1]
        let goods = (Self.count + 9) / 10
        try persister.wait("\(goods) rows", within: 60 + Self.count / 500) {
            try postgres.psql("SELECT count(*) FROM raw_price_data", on: database) == "\(goods)" ? true : nil
        }
        let sum = stride(from: 0, to: Self.count, by: 10).reduce(Int128(0)) { $0 + PoisonRecords.price($1).units }
        #expect(
            try postgres.psql("SELECT trunc(sum(price) * 1000000000000000000) FROM raw_price_data", on: database)
                == "\(sum)"
        )
        for number in stride(from: 0, to: Self.count, by: 10).suffix(200) {
            let price = "\(PoisonRecords.price(number))"
            try services[2].wait("\(PoisonRecords.coin(number)) in Redis") {
                try redis.cli("HGET", "price:\(PoisonRecords.coin(number)):usd", "price") == price ? true : nil
            }
        }
        for service in services {
            #expect(try service.metric("tickline_restarts_total") == 0, "\(service.name)")
            let peak = try Self.peakMemory(of: service)
            print("poison: \(service.name) at most \(peak / 1024) MiB")
            #expect(peak < Self.memory, "\(service.name)")
            #expect(service.terminate() == 0, "\(service.name): \(service.log.suffix(2_000))")
        }
    }

    /// What must become of the records, by number.
    private struct Expected {
        var damages: [Int: String] = [:]
        var readers: [Set<String>] = []
        var letters = 0
    }

    /// Writes all records, each with its number in a header.
    private func produce(to broker: TestBroker) throws -> Expected {
        var expected = Expected()
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        var topics: [Topic: KafkaProducer.DestinationTopic] = [:]
        for topic in [Topic.raw, .aggregates1m, .alerts, .alertRules] {
            topics[topic] = try producer.topic(broker.settings.name(topic))
        }
        // Old enough that the last tick isn't one of the future, young enough that none is late.
        let start = EventTime.now().microseconds - Int64(Self.count) * 1_000
        let longest = broker.isReal ? 950_000 : 80_000
        var records = PoisonRecords(seed: Self.seed, start: start, longest: longest, partitions: Self.partitions)
        for number in 0..<Self.count {
            let record = records.record(number)
            let readers = record.damage == nil ? [] : Self.readers(of: record.topic)
            expected.damages[number] = record.damage
            expected.readers.append(readers)
            expected.letters += readers.count
            let topic = try #require(topics[record.topic])
            try Self.withBytes(record.key) { key in
                try Self.withBytes(record.value) { value in
                    try producer.send(
                        to: topic,
                        partition: record.partition,
                        key: key,
                        value: value,
                        headers: [KafkaHeader("number", "\(number)")]
                    )
                }
            }
        }
        try producer.flush(timeout: .seconds(60))
        return expected
    }

    /// Reads the dead letters until all that are expected have come.
    /// - Returns: who refused each record, and what is wrong with letters that should not be there.
    private func deadLetters(
        of broker: TestBroker,
        until expected: Expected,
        _ services: [ServiceProcess]
    ) throws -> (refused: [Int: Set<String>], wrong: [String]) {
        let reader = try KafkaReader(settings: broker.settings)
        let topic = broker.settings.name(.deadLetter)
        let partitions = (0..<Int32(Self.partitions)).map { TopicPartition(topic: topic, partition: $0) }
        try reader.assign(Dictionary(uniqueKeysWithValues: partitions.map { ($0, 0) }))
        var refused: [Int: Set<String>] = [:]
        var wrong: [String] = []
        var letters = 0
        let deadline = ContinuousClock.now.advanced(by: .seconds(90 + Self.count / 200))
        while letters < expected.letters, ContinuousClock.now < deadline, services.allSatisfy(\.isRunning) {
            try reader.poll(max: 10_000, timeout: .milliseconds(200)) { record in
                let headers = Dictionary(record.headers().map { ($0.name, $0.text) }) { first, _ in first }
                guard let number = headers["number"].flatMap({ Int($0) }), let service = headers["service"] else {
                    return wrong.append("\(headers)")
                }
                if expected.damages[number] == nil || headers["error"]?.isEmpty != false { wrong.append("\(headers)") }
                if refused[number, default: []].insert(service).inserted { letters += 1 }
            }
        }
        return (refused, wrong)
    }

    /// The most memory that a process has had resident, in KiB.
    private static func peakMemory(of service: ServiceProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(service.id)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber)))
    }

    private static func withBytes(
        _ bytes: [UInt8]?,
        _ body: (UnsafeBufferPointer<UInt8>?) throws -> Void
    ) throws {
        guard let bytes else { return try body(nil) }
        try bytes.withUnsafeBufferPointer { try body($0) }
    }
}
