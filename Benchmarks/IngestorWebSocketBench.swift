import Foundation
import Glibc
import Shared
import TestSupport

extension Benchmark {
    /// The Ingestor as a service, with Kraken's trades over TLS from a server in this process, next to `openssl s_client`,
    /// which reads the same stream at the same time and throws it away.
    static let ingestorWebSocket = Benchmark(
        name: "ingestor-websocket",
        summary: "trades over TLS into Kafka: processor time at 20 000 messages a second, and the highest rate"
    ) { report in
        let broker = try TestBroker(topics: ["prices.raw": 3])
        if TestBroker.realBootstrapServers == nil { print("ingestor-websocket: the mock broker runs in this process") }
        let feed = try TradeFeed()
        let service = try feed.ingestor(broker)
        let reader = try feed.bareReader()
        try feed.waitForReaders(2)
        try IngestorWebSocketBench.steady(report, feed, service, reader)
        reader.terminate()
        reader.waitUntilExit()
        try IngestorWebSocketBench.flatOut(report, feed, service)
        let code = service.terminate()
        guard code == 0 else { throw BenchmarkError("it ended with \(code); its log:\n\(service.log)") }
        feed.stop()
    }
}

private enum IngestorWebSocketBench {
    /// 20 000 messages a second for 20 s, each in a TLS record of its own.
    static func steady(_ report: Report, _ feed: TradeFeed, _ service: ServiceProcess, _ reader: Process) throws {
        try feed.send(20_000, every: .milliseconds(1), together: 20)
        try waitForTicks(feed.sent, service)
        let (wall, before) = (Timing.seconds(CLOCK_MONOTONIC), feed.sent)
        let cpu = try (Timing.cpuSeconds(of: service.id), Timing.cpuSeconds(of: reader.processIdentifier))
        try feed.send(400_000, every: .milliseconds(1), together: 20)
        try waitForTicks(feed.sent, service)
        let count = Double(feed.sent - before)
        let used = try (
            Timing.cpuSeconds(of: service.id) - cpu.0, Timing.cpuSeconds(of: reader.processIdentifier) - cpu.1
        )
        report.add(
            Figure(
                metric: "acknowledged_messages_per_s",
                value: count / (Timing.seconds(CLOCK_MONOTONIC) - wall),
                cpuSecondsPerMillion: used.0 / count * 1_000_000,
                peakRSSMegabytes: try Timing.peakRSSMegabytes(of: service.id)
            )
        )
        report.add(
            Figure(
                metric: "messages_per_core_s",
                value: count / used.0,
                baseline: "openssl s_client",
                baselineValue: count / used.1,
                cpuSecondsPerMillion: used.0 / count * 1_000_000
            )
        )
    }

    /// As fast as it goes, while the server encrypts on the same cores.
    static func flatOut(_ report: Report, _ feed: TradeFeed, _ service: ServiceProcess) throws {
        let (wall, before, cpu) = (Timing.seconds(CLOCK_MONOTONIC), feed.sent, try Timing.cpuSeconds(of: service.id))
        try feed.send(500_000, every: .zero, together: 100)
        try waitForTicks(feed.sent, service)
        let count = Double(feed.sent - before)
        report.add(
            Figure(
                metric: "flat_out_messages_per_s",
                value: count / (Timing.seconds(CLOCK_MONOTONIC) - wall),
                cpuSecondsPerMillion: try (Timing.cpuSeconds(of: service.id) - cpu) / count * 1_000_000,
                peakRSSMegabytes: try Timing.peakRSSMegabytes(of: service.id)
            )
        )
    }

    /// Waits until so many trades are acknowledged in all.
    private static func waitForTicks(_ count: Int, _ service: ServiceProcess) throws {
        try service.wait("\(count) ticks", within: 120) {
            try service.metric("tickline_ingestor_ticks_acknowledged_total") >= Double(count) ? true : nil
        }
    }
}

/// A server that tells Kraken's trades, one message each, to whoever is connected.
private final class TradeFeed {
    /// How many trades were told.
    private(set) var sent = 0
    private let certificates: TestCertificates
    private let server: WebSocketServer

    init() throws {
        certificates = try TestCertificates()
        server = try WebSocketServer(certificates: certificates)
    }

    /// The service with this feed as its source.
    func ingestor(_ broker: TestBroker) throws -> ServiceProcess {
        try ServiceProcess(
            "ingestor",
            environment: [
                "INGESTOR_SOURCE": "kraken", "INGESTOR_PRODUCTS": "BTC/USD", "INGESTOR_CA_FILE": certificates.authority,
                "KRAKEN_FEED_URL": "wss://localhost:\(server.port)", "KRAKEN_REST_URL": "http://127.0.0.1:1",
                "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
                "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
            ]
        )
    }

    /// A process that decrypts the same stream, and does nothing with it.
    func bareReader() throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "s_client", "-quiet", "-connect", "localhost:\(server.port)", "-CAfile", certificates.authority,
        ]
        let input = Pipe()
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let opening = """
            GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n
            """
        try input.fileHandleForWriting.write(contentsOf: Data(opening.utf8))
        return process
    }

    /// Waits until so many are connected.
    func waitForReaders(_ count: Int) throws {
        for _ in 0..<1_000 {
            if server.peers.count(where: \.isConnected) == count { return }
            usleep(10_000)
        }
        throw BenchmarkError("\(server.peers.count(where: \.isConnected)) of \(count) readers are connected")
    }

    /// Tells so many trades.
    /// - Parameters:
    ///   - interval: from one part to the next.
    ///   - together: how many trades a part has.
    func send(_ count: Int, every interval: Duration, together: Int) throws {
        let peers = server.peers.filter(\.isConnected)
        let start = ContinuousClock.now
        for part in 0..<count / together {
            var bytes: [UInt8] = []
            let time = EventTime.now().description
            for _ in 0..<together {
                sent += 1
                let frame = ServerFrame.text(
                    #"{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":68580.\#(sent % 10),"qty":0.1422\#(sent % 10_000),"ord_type":"limit","trade_id":\#(sent),"timestamp":"\#(time)"}]}"#
                )
                if interval == .zero { bytes += frame } else { for peer in peers { peer.send(bytes: frame) } }
            }
            if interval == .zero { for peer in peers { peer.send(bytes: bytes) } }
            let wait = ContinuousClock.now.duration(to: start.advanced(by: interval * (part + 1)))
            if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
        }
    }

    func stop() {
        server.stop()
    }
}
