import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

/// What the environment asks for.
private enum Soak {
    static let ticks = ProcessInfo.processInfo.environment["TICKLINE_SOAK"].flatMap { Int($0) }
}

/// Long, so it runs only when `TICKLINE_SOAK` says how many ticks; `scripts/soak-persister` sets it. It needs a real broker:
/// the mock keeps about 20 000 records a partition.
@Suite(
    "The Persister under fire",
    .ownThread,
    .enabled(if: Soak.ticks != nil && TestBroker.realBootstrapServers != nil, "TICKLINE_SOAK and a real broker")
)
struct SoakTests {
    private enum Event: String {
        case kill
        case restart
        case cut
    }

    @Test("20 kills, 3 restarts of PostgreSQL and 3 cuts of the network at random moments: every tick is a row, once")
    func soak() throws {
        let total = try #require(Soak.ticks)
        let seed =
            ProcessInfo.processInfo.environment["TICKLINE_SOAK_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        print("soak: \(total) ticks, seed \(seed)")
        let server = try PostgresServer()
        let stage = try Stage(on: server, partitions: 3)
        let proxy = try LoopbackProxy(to: server.port)
        let url = stage.database.text.replacingOccurrences(of: ":\(server.port)/", with: ":\(proxy.port)/")
        let environment = ["POSTGRES_URL": url, "PERSISTER_BATCH_ROWS": "2000"]
        let kills = [Event](repeating: .kill, count: 20)
        let events = (kills + [.restart, .restart, .restart, .cut, .cut, .cut]).shuffled(using: &random)
        var service = try stage.start(environment)
        let started = ContinuousClock.now
        for (index, event) in events.enumerated() {
            let first = total * index / (events.count + 1)
            let next = total * (index + 1) / (events.count + 1)
            try stage.ticks(first..<next)
            // Somewhere on the way through these ticks, in the middle of whatever is being done.
            let moment = Int.random(in: first..<next, using: &random)
            try service.wait("row \(moment)", within: 180) { try Self.position(stage) >= moment ? true : nil }
            print(
                "soak: \(event.rawValue) at row \(try Self.position(stage)) of \(next), \(started.duration(to: .now))"
            )
            switch event {
            case .kill:
                service.kill()
                service = try stage.start(environment)
            case .restart:
                server.stop(signal: Bool.random(using: &random) ? "QUIT" : "INT")
                try server.start()
            case .cut:
                proxy.cut()
                usleep(UInt32.random(in: 100_000..<3_000_000, using: &random))
                proxy.mend()
            }
        }
        try stage.ticks((total * events.count / (events.count + 1))..<total)
        try service.wait("all rows", within: 600) { try Self.position(stage) == total ? true : nil }
        let seconds = started.duration(to: .now)
        #expect(try stage.database.psql(Stage.checksum) == stage.expected(0..<total), "seed \(seed)")
        #expect(
            try stage.database.psql("SELECT sum(next_offset), sum(rows_written) FROM processing_metadata")
                == "\(total)|\(total)"
        )
        #expect(try stage.broker.records(of: stage.broker.settings.name(.deadLetter)).isEmpty, "seed \(seed)")
        #expect(try stage.database.psql("SELECT count(*) FROM v_latest_prices") == "100")
        print("soak: \(total) ticks are \(total) rows after \(events.count) events in \(seconds)")
    }

    private static func position(_ stage: Stage) throws -> Int {
        // The server may just be down.
        let sum = try? stage.database.psql("SELECT coalesce(sum(next_offset), 0) FROM processing_metadata")
        return sum.flatMap { Int($0) } ?? -1
    }
}
