import Foundation
import TestSupport
import Testing

@Suite("The four services together", .ownThread, .serialized)
struct PipelineTests {
    @Test("Ticks of past minutes become rows, candles in PostgreSQL and candles in Redis, and /metrics pass promtool")
    func replay() throws {
        let stack = try Stack()
        // Three whole minutes of two coins, half an hour ago; a later tick moves the watermark past them.
        let base = (Int64(Date().timeIntervalSince1970) / 60 - 30) * 60
        var csv = "timestamp,coin_id,price,total_volume_24h\n"
        for second in stride(from: Int64(0), to: 180, by: 10) {
            csv += "\(base + second),bitcoin,\(67_000 + second).25,1000\n\(base + second),tiny,0.0000080\(second),5\n"
        }
        csv += "\(base + 400),bitcoin,1,1\n\(base + 400),tiny,1,1\n"
        let file = FileManager.default.temporaryDirectory.appending(path: "tickline-\(UUID().uuidString).csv")
        try Data(csv.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }

        let aggregator = try stack.start("aggregator")
        let persister = try stack.start("persister")
        let cacher = try stack.start("cacher")
        let ingestor = try stack.start(
            "ingestor",
            [
                "INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": file.path, "INGESTOR_REPLAY_SPEED": "max",
            ]
        )
        #expect(try ingestor.waitForExit() == 0, "\(ingestor.log)")
        try persister.wait("38 rows") { try stack.count("SELECT count(*) FROM raw_price_data") == 38 ? true : nil }
        try aggregator.wait("the candles of three minutes", within: 90) {
            let candles = "SELECT count(*) FROM price_aggregates_1m WHERE sample_count = 6"
            return try stack.count(candles) >= 6 ? true : nil
        }
        let first = try stack.sql(
            """
            SELECT open, high, low, close, average, sample_count, revision, synthetic FROM price_aggregates_1m
            WHERE coin_id = 'bitcoin' AND window_start = to_timestamp(\(base))
            """
        )
        #expect(first == "67000.25|67050.25|67000.25|67050.25|67025.25|6|0|f")
        try cacher.wait("a candle in Redis") {
            try stack.redis.cli("EXISTS", "candle:bitcoin:usd:1m") == "1" ? true : nil
        }
        for service in [aggregator, persister, cacher] {
            try service.waitUntilReady()
            let problems = try promtool(service.metrics())
            #expect(problems.isEmpty, "\(service.name): \(problems)")
            #expect(service.terminate() == 0, "\(service.name): \(service.log)")
        }
    }

    @Test("The Ingestor's /metrics pass promtool")
    func ingestorMetrics() throws {
        let stack = try Stack()
        let ingestor = try stack.start("ingestor", ["INGESTOR_SOURCE": "simulator"])
        try ingestor.waitUntilReady()
        let problems = try promtool(ingestor.metrics())
        #expect(problems.isEmpty, "\(problems)")
        #expect(ingestor.terminate() == 0, "\(ingestor.log)")
    }

    /// What Prometheus' own `promtool check metrics` has to say.
    private func promtool(_ metrics: String) throws -> String {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["promtool", "check", "metrics"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(metrics.utf8))
        try input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? "" : text + "exit code \(process.terminationStatus)"
    }
}
