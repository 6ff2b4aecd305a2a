import Shared
import Testing

@Suite("Kafka: properties from the environment")
struct KafkaPropertyTests {
    @Test("Every librdkafka property can be named by a variable")
    func everyProperty() throws {
        #expect(KafkaProperty.kinds["security.protocol"] == "*")
        #expect(KafkaProperty.kinds["group.id"] == "C")
        #expect(KafkaProperty.kinds["linger.ms"] == "P")
        let found = try KafkaProperty.from(
            variables: ["KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_USERNAME": "me"]
        )
        #expect(found == ["security.protocol": "SASL_SSL", "sasl.username": "me"])
    }

    @Test("A name or a value that librdkafka doesn't take is refused by name, all at once")
    func refused() {
        let error = #expect(throws: SettingsError.self) {
            try KafkaProperty.from(variables: ["KAFKA_SECURITY_PROTCOL": "SSL", "KAFKA_LINGER_MS": "soon"])
        }
        #expect(error?.problems.map(\.name) == ["KAFKA_LINGER_MS", "KAFKA_SECURITY_PROTCOL"])
    }

    @Test("What Kubernetes sets for a Service called kafka is passed over")
    func serviceLinks() throws {
        let links = [
            "KAFKA_PORT": "tcp://10.0.0.1:9092", "KAFKA_PORT_9092_TCP_ADDR": "10.0.0.1",
            "KAFKA_SERVICE_HOST": "10.0.0.1", "KAFKA_SERVICE_PORT": "9092",
        ]
        #expect(try KafkaProperty.from(variables: links).isEmpty)
    }

    @Test("Settings take our own names and pass the others on")
    func settings() throws {
        let reader = SettingsReader(environment: [
            "KAFKA_BOOTSTRAP_SERVERS": "broker:1", "KAFKA_TOPIC_PREFIX": "x.", "KAFKA_SESSION_TIMEOUT_MS": "6000",
        ])
        let settings = try KafkaSettings(reader, clientID: "me")
        let expected = KafkaSettings(
            bootstrapServers: "broker:1",
            topicPrefix: "x.",
            clientID: "me",
            properties: ["session.timeout.ms": "6000"]
        )
        #expect(settings == expected)
        #expect(try KafkaSettings(SettingsReader(environment: [:]), clientID: "me").bootstrapServers == "kafka:29092")
    }

    @Test("A value that librdkafka refuses stops the client with the property's name")
    func refusedValue() {
        let settings = KafkaSettings(bootstrapServers: "127.0.0.1:1", properties: ["linger.ms": "soon"])
        let error = #expect(throws: KafkaError.self) {
            try KafkaProducer(settings: settings, mode: .idempotent)
        }
        #expect(error?.message.contains("linger.ms") == true)
        #expect(error?.disposition == .fatal)
    }
}
