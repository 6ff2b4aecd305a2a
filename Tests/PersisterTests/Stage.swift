import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

/// The built `persister` between a broker and a database of its own.
struct Stage {
    let broker: TestBroker
    let database: TestDatabase
    let producer: KafkaProducer

    /// - Parameter certificates: with them the mock broker speaks TLS.
    init(on server: PostgresServer, partitions: Int = 2, certificates: TestCertificates? = nil) throws {
        broker = try TestBroker(partitions: partitions, certificates: certificates)
        database = try TestDatabase(on: server)
        producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
    }

    /// Settings for the service.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        var result = ["POSTGRES_URL": database.text, "PERSISTER_BATCH_AGE": "20ms"]
        result["KAFKA_BOOTSTRAP_SERVERS"] = broker.settings.bootstrapServers
        result["KAFKA_TOPIC_PREFIX"] = broker.settings.topicPrefix
        for (name, value) in broker.settings.properties {
            result["KAFKA_" + name.uppercased().replacingOccurrences(of: ".", with: "_")] = value
        }
        return result.merging(more) { $1 }
    }

    /// Starts the service.
    func start(_ more: [String: String] = [:]) throws -> ServiceProcess {
        try ServiceProcess("persister", environment: environment(more))
    }

    /// Produces values and waits until the broker has them.
    func produce(_ values: [[UInt8]], to topic: Topic = .raw) throws {
        let destination = try producer.topic(broker.settings.name(topic))
        for (index, value) in values.enumerated() {
            try producer.send(to: destination, key: "key \(index % 50)", value: value)
        }
        try producer.flush(timeout: .seconds(30))
    }

    /// Produces the ticks of a range of numbers and waits until the broker has them.
    func ticks(_ range: Range<Int>) throws {
        let destination = try producer.topic(broker.settings.name(.raw))
        for number in range {
            let tick = Ticks.tick(number)
            try producer.send(to: destination, key: tick.coinID, value: Ticks.json(tick))
        }
        try producer.flush(timeout: .seconds(60))
    }

    /// Waits until a query gives a value.
    func wait(for expected: String, from sql: String, by service: ServiceProcess, within seconds: Int = 60) throws {
        try service.wait("\(expected) from \(sql)", within: seconds) {
            try database.psql(sql) == expected ? true : nil
        }
    }

    /// A checksum over every field that differs between rows, and how many there are.
    static let checksum = """
        SELECT count(*), sum(hashtextextended(concat_ws(' ', coin_id, vs_currency, trim_scale(price),
            extract(epoch FROM "timestamp") * 1000000, market_cap_rank, trim_scale(total_volume)), 0)::numeric)
        FROM raw_price_data
        """

    /// What ``checksum`` gives when the ticks of a range are there, each once; the database works it out by itself.
    func expected(_ range: Range<Int>) throws -> String {
        try database.psql(
            """
            SELECT count(*), sum(hashtextextended(concat_ws(' ', 'coin-' || n % 100, 'usd',
                trim_scale((n + 1) * 0.012345678901234567), trim_scale(\(Ticks.start).000000 + n * 1000) || '.000000',
                CASE WHEN n % 5 > 0 THEN n % 100 + 1 END, n), 0)::numeric)
            FROM generate_series(\(range.lowerBound)::numeric, \(range.upperBound - 1)) AS n
            """
        )
    }
}
