import TestSupport
import Testing

@testable import Shared

@Suite(
    "Kafka over TLS, with certificates of its own",
    .ownThread,
    .enabled(if: TestBroker.realBootstrapServers == nil, "the mock speaks TLS by a proxy before it")
)
struct KafkaTLSTests {
    /// What `/readyz` says of Kafka after the first look.
    private func outcome(_ settings: KafkaSettings) async throws -> Readiness.State {
        let readiness = Readiness(BrokerWatch.condition)
        let watch = BrokerWatch(settings: settings, readiness: readiness)
        let stop = StopSignal()
        try DedicatedThread.start(name: "waiter") { _ = try? watch.wait(for: [settings.name(.raw)], stop: stop) }
        defer { stop.request() }
        func state() -> Readiness.State? { readiness.conditions.first { $0.name == BrokerWatch.condition }?.state }
        let unknown = state()
        try await eventually("the first look") { state() != unknown }
        return try #require(state())
    }

    private func reason(_ settings: KafkaSettings) async throws -> String {
        guard case .failing(let reason) = try await outcome(settings) else { return "ok" }
        return reason
    }

    @Test("a broker with a certificate of our authority is reached, and records go there and back")
    func right() async throws {
        let certificates = try TestCertificates()
        let broker = try TestBroker(certificates: certificates)
        #expect(try await outcome(broker.settings) == .ok)
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        try producer.send(to: producer.topic(broker.name(Topic.raw.rawValue)), key: "a", value: Array("b".utf8))
        try producer.flush(timeout: .seconds(20))
        #expect(try broker.records(of: broker.name(Topic.raw.rawValue)).count == 1)
    }

    @Test("a certificate of strangers, for another name or out of date is refused, and readiness says which of it")
    func refused() async throws {
        let right = try TestCertificates()
        let broker = try TestBroker(certificates: right)
        var strangers = broker.settings
        let others = try TestCertificates()
        strangers.properties["ssl.ca.location"] = others.authority
        let unknown = try await reason(strangers)
        withExtendedLifetime(others) {}
        #expect(unknown.contains("authority that isn't trusted, see KAFKA_SSL_CA_LOCATION"), "\(unknown)")
        let other = try TestCertificates(names: ["kafka.test"], addresses: ["127.0.0.2"])
        let elsewhere = try TestBroker(certificates: other)
        let name = try await reason(elsewhere.settings)
        #expect(name.contains("isn't for the host"), "\(name)")
        let old = try TestCertificates(days: -1)
        let late = try TestBroker(certificates: old)
        let expired = try await reason(late.settings)
        #expect(expired.contains("certificate is refused, it is out of date"), "\(expired)")
    }

    @Test("TLS to a broker that speaks none, and the other way round, say what is wrong")
    func mixedUp() async throws {
        let certificates = try TestCertificates()
        let plainBroker = try TestBroker()
        var plain = plainBroker.settings
        plain.properties.merge(certificates.kafkaProperties()) { $1 }
        let noTLS = try await reason(plain)
        #expect(noTLS.contains("does the broker speak TLS there?"), "\(noTLS)")
        let broker = try TestBroker(certificates: certificates)
        var bare = broker.settings
        bare.properties = [:]
        let wantsTLS = try await reason(bare)
        #expect(wantsTLS.contains("security.protocol"), "\(wantsTLS)")
    }

    @Test("a broker that wants a certificate takes ours, and without one the reason is named")
    func clientCertificate() async throws {
        let certificates = try TestCertificates()
        let broker = try TestBroker(certificates: certificates, wantsCertificates: true)
        #expect(try await outcome(broker.settings) == .ok)
        var without = broker.settings
        without.properties.merge(certificates.kafkaProperties()) { $1 }
        without.properties["ssl.certificate.location"] = nil
        without.properties["ssl.key.location"] = nil
        let missing = try await reason(without)
        #expect(missing.contains("certificate required"), "\(missing)")
    }

    @Test("a broker that nobody has started is refused by name: the connection was refused")
    func nobody() async throws {
        let away = KafkaSettings(bootstrapServers: "127.0.0.1:\(try LoopbackSocket.freePort())")
        let reason = try await reason(away)
        #expect(reason.contains("Connection refused"), "\(reason)")
    }
}
