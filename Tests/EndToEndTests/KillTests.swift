import Foundation
import TestSupport
import Testing

@Suite("A service that is killed and started again", .ownThread, .serialized)
struct KillTests {
    /// Enough ticks that the kills fall in the middle, few enough for the mock broker's 5 MiB a partition.
    private static let ticks = 12_000

    private func simulate(_ stack: Stack) throws -> ServiceProcess {
        try stack.start(
            "ingestor",
            [
                "INGESTOR_SOURCE": "simulator", "INGESTOR_COINS": "50", "INGESTOR_RATE": "1000",
                "INGESTOR_TICKS": "\(Self.ticks)",
            ]
        )
    }

    @Test("The Persister leaves no tick out and no row doubled")
    func persister() throws {
        let stack = try Stack()
        var persister = try stack.start("persister")
        let ingestor = try simulate(stack)
        for kill in 1...3 {
            let before = kill * 1_500
            try persister.wait("\(before) rows") {
                try stack.count("SELECT count(*) FROM raw_price_data") >= before ? true : nil
            }
            persister.kill()
            persister = try stack.start("persister")
        }
        #expect(try ingestor.waitForExit(within: 120) == 0, "\(ingestor.log)")
        try persister.wait("every tick to be a row", within: 90) {
            try stack.count("SELECT count(*) FROM raw_price_data") >= Self.ticks ? true : nil
        }
        // The position and the rows are one transaction, so the end of the positions is the end of the topic.
        let positions = "SELECT sum(next_offset) FROM processing_metadata WHERE topic = 'prices.raw'"
        try persister.wait("the positions") { try stack.count(positions) >= Self.ticks ? true : nil }
        #expect(try stack.count(positions) == Self.ticks)
        #expect(try stack.count("SELECT count(*) FROM raw_price_data") == Self.ticks)
        #expect(persister.terminate() == 0)
    }

    /// How many records of `prices.raw` the Cacher says it has read, of all partitions.
    private func counted(_ stack: Stack) throws -> Int {
        let lines = try stack.redis.cli("HGETALL", "freshness").split(separator: "\n").map(String.init)
        return try stride(from: 0, to: lines.count - 1, by: 2).filter { lines[$0].hasPrefix("prices.raw:") }.reduce(0) {
            let entry = try JSONSerialization.jsonObject(with: Data(lines[$1 + 1].utf8)) as? [String: Any]
            return try $0 + #require(entry?["records"] as? Int)
        }
    }

    @Test("The Cacher ends with the newest price of every coin, and has counted every tick once")
    func cacher() throws {
        let stack = try Stack()
        let persister = try stack.start("persister")
        var cacher = try stack.start("cacher")
        let ingestor = try simulate(stack)
        for kill in 1...3 {
            try cacher.wait("some rows") {
                try stack.count("SELECT count(*) FROM raw_price_data") >= kill * 2_000 ? true : nil
            }
            cacher.kill()
            cacher = try stack.start("cacher")
        }
        #expect(try ingestor.waitForExit(within: 120) == 0, "\(ingestor.log)")
        try persister.wait("every tick to be a row", within: 90) {
            try stack.count("SELECT count(*) FROM raw_price_data") == Self.ticks ? true : nil
        }
        let newest = try stack.sql(
            """
            SELECT DISTINCT ON (coin_id) coin_id, price FROM raw_price_data ORDER BY coin_id, "timestamp" DESC
            """
        ).split(separator: "\n").map(String.init)
        #expect(newest.count == 50)
        try cacher.wait("the newest prices in Redis", within: 90) {
            try newest.allSatisfy { line in
                let pair = line.split(separator: "|")
                return try stack.redis.cli("HGET", "price:\(pair[0]):usd", "price") == pair[1]
            } ? true : nil
        }
        try cacher.wait("every tick to be counted") { try counted(stack) >= Self.ticks ? true : nil }
        #expect(cacher.terminate() == 0)
        #expect(try counted(stack) == Self.ticks)
        #expect(persister.terminate() == 0)
    }
}
