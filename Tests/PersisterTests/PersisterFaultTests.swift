import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("The Persister when the database, the topic or a record is odd", .ownThread)
struct PersisterFaultTests {
    @Test("A PostgreSQL that stands still is told by /readyz, lag goes on growing, and a stop doesn't wait for it")
    func frozen() throws {
        let server = try PostgresServer()
        let stage = try Stage(on: server)
        // A stop that took longer would say so and leave the pipeline behind.
        let settings = ["PERSISTER_BATCH_ROWS": "500", "SHUTDOWN_TIMEOUT": "5s"]
        let service = try stage.start(settings)
        try service.waitUntilReady()
        try stage.ticks(0..<1000)
        try stage.wait(for: try stage.expected(0..<1000), from: Stage.checksum, by: service)

        try server.freeze()
        defer { try? server.thaw() }
        try stage.ticks(1000..<5000)
        try service.wait("/readyz to fail") { try service.readiness().contains("has been busy") ? true : nil }
        for end in [5000, 9000] {
            try stage.ticks(max(5000, end - 4000)..<end)
            try service.wait("a lag of \(end - 1000)") {
                try service.metric("tickline_persister_lag_records") == Double(end - 1000) ? true : nil
            }
        }
        let started = ContinuousClock.now
        #expect(service.terminate() == 1)
        print("stopped \(started.duration(to: .now)) after SIGTERM, with PostgreSQL standing still")
        #expect(service.log.contains("did not take"), "\(service.log)")
        #expect(!service.log.contains("did not stop in"), "\(service.log)")

        // Nothing is in hand of one that has not even greeted it.
        let early = try stage.start(settings)
        _ = try early.port()
        usleep(500_000)
        #expect(early.terminate() == 0, "\(early.log)")

        try server.thaw()
        let next = try stage.start(settings)
        try stage.wait(for: try stage.expected(0..<9000), from: Stage.checksum, by: next)
        #expect(next.terminate() == 0)
    }

    @Test("A partition whose batch cannot be written doesn't stop the others, not even on one connection")
    func guilty() throws {
        let stage = try Stage(on: PostgresServer.shared.get(), partitions: 4)
        // A code that says "later": the record is not at fault, so it waits.
        try stage.database.refuse("NEW.coin_id = 'coin-7'", with: "40001")
        let service = try stage.start(["PERSISTER_CONNECTIONS": "1"])
        try service.waitUntilReady()
        try stage.ticks(0..<2000)
        func home(_ coin: Int) -> Int32 {
            Array("coin-\(coin)".utf8).withUnsafeBufferPointer { Partitioner.partition(of: $0, among: 4) }
        }
        let others = (0..<100).count { home($0) != home(7) }
        try stage.wait(
            for: "\(others)",
            from: "SELECT count(*) FROM (SELECT coin_id FROM raw_price_data GROUP BY 1 HAVING count(*) = 20) AS whole",
            by: service
        )
        #expect(try service.readiness().contains("refused"))
        _ = try stage.database.psql("DROP TRIGGER refuse ON raw_price_data")
        try stage.wait(for: try stage.expected(0..<2000), from: Stage.checksum, by: service)
        try service.waitUntilReady()
    }

    @Test("A transaction that is too large for the server is made smaller until it fits")
    func tooLarge() throws {
        let stage = try Stage(on: PostgresServer.shared.get(), partitions: 1)
        _ = try stage.database.psql(
            """
            CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF (SELECT count(*) FROM new) > 100 THEN
                RAISE 'out of shared memory' USING ERRCODE = '53200'; END IF; RETURN NULL; END $$;
            CREATE TRIGGER few AFTER INSERT ON raw_price_data REFERENCING NEW TABLE AS new
            FOR EACH STATEMENT EXECUTE FUNCTION few()
            """
        )
        try stage.ticks(0..<3000)
        let service = try stage.start()
        try stage.wait(for: try stage.expected(0..<3000), from: Stage.checksum, by: service)
        try service.waitUntilReady()
        #expect(try service.metric("tickline_persister_dead_letters_total") == 0)
    }

    @Test("Years of daily ticks arrive, whatever the server has for locks", arguments: PostgresServer.all)
    func dailyHistory(server: PostgresServer) throws {
        let stage = try Stage(on: server, partitions: 1)
        let days = 4700
        let destination = try stage.producer.topic(stage.broker.settings.name(.raw))
        for day in 0..<days {
            var tick = Ticks.tick(1)
            tick.timestamp = EventTime(microseconds: Ticks.start - Int64(days - day) * 86_400_000_000)
            try stage.producer.send(to: destination, key: tick.coinID, value: Ticks.json(tick))
        }
        try stage.producer.flush(timeout: .seconds(60))
        let service = try stage.start()
        // Not counted in the table: a query that looks at so many chunks needs more locks than some servers have.
        try stage.wait(
            for: "\(days)|\(days)",
            from: "SELECT sum(next_offset), sum(rows_written) FROM processing_metadata",
            by: service,
            within: 240
        )
        print("\(days) days on \(server): \(try service.metric("tickline_persister_commit_seconds_sum")) s")
    }

    @Test("A refused first tick doesn't hide its coin: the next tick, in whatever batch, describes it")
    func hiddenCoin() throws {
        let stage = try Stage(on: PostgresServer.shared.get(), partitions: 1)
        try stage.database.refuse("NEW.source = 'odd'", with: "P0001")
        let service = try stage.start()
        for tick in [Ticks.tick(1, source: "odd"), Ticks.tick(101)] {
            let destination = try stage.producer.topic(stage.broker.settings.name(.raw))
            try stage.producer.send(to: destination, key: tick.coinID, value: Ticks.json(tick))
            try stage.producer.flush(timeout: .seconds(30))
            // Each in a batch of its own.
            let position = tick.source == "odd" ? 1 : 2
            try stage.wait(for: "\(position)", from: "SELECT sum(next_offset) FROM processing_metadata", by: service)
        }
        #expect(try stage.database.psql("SELECT coin_id FROM v_latest_prices") == "coin-1")
    }

    @Test("A tick from the future and one in another's partition are dead letters; the coin's newest price stays")
    func believed() throws {
        let stage = try Stage(on: PostgresServer.shared.get(), partitions: 2)
        let service = try stage.start()
        try stage.ticks(0..<100)
        var future = Ticks.tick(1)
        future.timestamp = EventTime(microseconds: EventTime.now().microseconds + 3_600_000_000)
        try stage.produce([Ticks.json(Ticks.tick(101))])
        let destination = try stage.producer.topic(stage.broker.settings.name(.raw))
        try stage.producer.send(to: destination, key: "coin-1", value: Ticks.json(future))
        try stage.producer.flush(timeout: .seconds(30))
        try stage.wait(for: "102", from: "SELECT sum(next_offset) FROM processing_metadata", by: service)
        let errors = try stage.broker.records(of: stage.broker.settings.name(.deadLetter)).map { letter in
            letter.headers.first { $0.name == "error" }?.text ?? ""
        }
        #expect(errors.count == 2)
        #expect(errors.contains { $0.contains("PERSISTER_MAX_FUTURE") })
        #expect(errors.contains { $0.contains("is not its coin_id") })
        let newest = "SELECT extract(epoch FROM \"timestamp\") * 1000000 FROM v_latest_prices WHERE coin_id = 'coin-1'"
        #expect(try stage.database.psql(newest).hasPrefix("\(Ticks.tick(1).timestamp.microseconds)"))
    }

    @Test(
        "Records that are deleted while the service waits are passed over, or end it, as PERSISTER_ON_GAP says",
        .enabled(if: TestBroker.realBootstrapServers == nil, "the mock, which keeps 5 MiB of a partition"),
        arguments: ["continue", "stop"]
    )
    func gapWhileRunning(policy: String) throws {
        let stage = try Stage(on: PostgresServer.shared.get(), partitions: 1)
        let service = try stage.start(["PERSISTER_ON_GAP": policy, "PERSISTER_BATCH_ROWS": "100"])
        try stage.ticks(0..<100)
        try stage.wait(for: try stage.expected(0..<100), from: Stage.checksum, by: service)
        try stage.database.refuse("true", with: "53100")
        try stage.ticks(100..<1000)
        try service.wait("the full disk") { try service.readiness().contains("disk is full") ? true : nil }
        // More than the broker keeps, of bytes that nothing compresses.
        var random = SplitMix64(seed: 1)
        let garbage = (0..<4000).map { _ in (0..<5000).map { _ in UInt8.random(in: 0 ... .max, using: &random) } }
        try stage.produce(garbage)
        _ = try stage.database.psql("DROP TRIGGER refuse ON raw_price_data")
        if policy == "stop" {
            #expect(try service.waitForExit() == 1)
            #expect(service.log.contains("PERSISTER_ON_GAP=continue"), "\(service.log)")
        } else {
            try service.wait("the gap") { try service.metric("tickline_persister_gaps_total") == 1 ? true : nil }
            try stage.ticks(5000..<5100)
            try service.wait("the ticks behind the gap") {
                let sql = "SELECT count(*) FROM raw_price_data WHERE total_volume >= 5000"
                return try stage.database.psql(sql) == "100" ? true : nil
            }
        }
    }

    @Test("With the database away, what cannot be decoded is kept only up to PERSISTER_BUFFER_BYTES")
    func garbage() throws {
        let stage = try Stage(on: PostgresServer.shared.get(), partitions: 2)
        let service = try stage.start(["PERSISTER_BUFFER_BYTES": "1000000"])
        try service.waitUntilReady()
        try stage.database.refuse("true", with: "53100")
        try stage.ticks(0..<100)
        try service.wait("the full disk") { try service.readiness().contains("disk is full") ? true : nil }
        let before = try service.metric("process_resident_memory_bytes")
        for _ in 0..<10 {
            try stage.produce(Array(repeating: [UInt8](repeating: 0x61, count: 60_000), count: 400))
        }
        try service.wait("the lag") { try service.metric("tickline_persister_lag_records") == 4100 ? true : nil }
        let grown = try service.metric("process_resident_memory_bytes") - before
        print("240 MB of garbage grew the process by \(Int(grown / 1_000_000)) MB")
        _ = try stage.database.psql("DROP TRIGGER refuse ON raw_price_data")
        try stage.wait(for: "4100", from: "SELECT sum(next_offset) FROM processing_metadata", by: service)
        #expect(try stage.broker.records(of: stage.broker.settings.name(.deadLetter)).count == 4000)
    }

    @Test("A POSTGRES_URL that would be misread ends with 78 and shows nothing; --check-config masks the password")
    func secrets() throws {
        for url in ["postgresql://u:s3/cret@127.0.0.1/db", "postgresql://u:s3@cret@127.0.0.1/db"] {
            let result = try ServiceProcess.run("persister", environment: ["POSTGRES_URL": url])
            #expect(result.code == 78)
            #expect(!result.output.contains("s3") && !result.output.contains("cret@"), "\(result.output)")
        }
        let environment = ["POSTGRES_URL": "postgresql://u:s3%2Fcret@127.0.0.1:5432/db"]
        let checked = try ServiceProcess.run("persister", ["--check-config"], environment: environment)
        #expect(checked.code == 0)
        #expect(checked.output.contains("POSTGRES_URL=postgresql://u:***@127.0.0.1:5432/db"), "\(checked.output)")
    }
}
