import Foundation
import Glibc
import TestSupport
import Testing

@Suite("The health port of a running service", .ownThread)
struct HealthPortTests {
    @Test("It survives more idle connections than the process has descriptors, and none to spare at all")
    func descriptors() throws {
        // No broker: the service tries again and again, which is all that this needs.
        let service = try ServiceProcess("cacher", environment: ["KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"])
        let port = try service.port()
        var sockets: [Int32] = []
        defer { sockets.forEach { _ = close($0) } }
        for _ in 0..<400 { sockets.append(try LoopbackSocket.connected(to: port)) }
        #expect(try service.get("/healthz").status == 200)
        #expect(try service.metric("tickline_http_faults_total") > 200)

        // Every descriptor is taken from now on.
        try limitDescriptors(of: service, to: "0")
        sockets.append(try LoopbackSocket.connected(to: port))
        try service.waitForLine(containing: "cannot take an HTTP connection")
        try limitDescriptors(of: service, to: "1024")
        try service.wait("an answer") { try service.get("/healthz").status == 200 ? true : nil }
        let faults = try service.metrics().split(separator: "\n").filter { $0.hasPrefix("tickline_http_faults_total") }
        #expect(faults.contains { $0.contains("accept") && !$0.hasSuffix(" 0") })
        _ = service.terminate()
    }

    /// With util-linux's `prlimit`; only the soft limit, which may go up again.
    private func limitDescriptors(of service: ServiceProcess, to limit: String) throws {
        let prlimit = Process()
        prlimit.executableURL = URL(filePath: "/usr/bin/env")
        prlimit.arguments = ["prlimit", "--pid", "\(service.id)", "--nofile=\(limit):"]
        try prlimit.run()
        prlimit.waitUntilExit()
        try #require(prlimit.terminationStatus == 0)
    }
}
