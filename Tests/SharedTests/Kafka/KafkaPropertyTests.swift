import Foundation
import Testing

@testable import Shared

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

    @Test("A certificate that isn't there is refused before a client is made; a folder and `probe` are not")
    func locations() throws {
        for variable in ["KAFKA_SSL_CA_LOCATION", "KAFKA_SSL_CERTIFICATE_LOCATION", "KAFKA_SSL_KEY_LOCATION"] {
            let error = #expect(throws: SettingsError.self) {
                try KafkaProperty.from(variables: [variable: "/nonexistent/ca.pem"])
            }
            #expect(
                error?.description.contains(
                    "\(variable) is \"/nonexistent/ca.pem\", allowed: a file or folder that can be read"
                ) == true
            )
        }
        #expect(try KafkaProperty.from(variables: ["KAFKA_SSL_CA_LOCATION": "/"]) == ["ssl.ca.location": "/"])
        #expect(try KafkaProperty.from(variables: ["KAFKA_SSL_CA_LOCATION": "probe"]) == ["ssl.ca.location": "probe"])
    }

    @Test(
        "A misspelt property is refused with the name that was meant",
        arguments: [
            ("KAFKA_SECURITY_PROTCOL", "KAFKA_SECURITY_PROTOCOL"), ("KAFKA_SASL_USRENAME", "KAFKA_SASL_USERNAME"),
            ("KAFKA_SASL_MECHANISMES", "KAFKA_SASL_MECHANISMS"), ("KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS"),
            ("KAFKA_TOPIC_PREFIXE", "KAFKA_TOPIC_PREFIX"), ("KAFKA_ACK", "KAFKA_ACKS"),
        ]
    )
    func misspelt(variable: String, meant: String) {
        let error = #expect(throws: SettingsError.self) { try KafkaProperty.from(variables: [variable: "x"]) }
        #expect(error?.description == "\(variable) is no setting: did you mean \(meant)?")
    }

    @Test("What Kafka's scripts, its images, compose/ and Kubernetes set is passed over")
    func others() throws {
        let names =
            "HOME OPTS HEAP_OPTS JMX_OPTS LIBS LOG4J_OPTS GC_LOG_OPTS JVM_PERFORMANCE_OPTS LOG4J_CMD_OPTS MODE JMX_PORT "
            + "BROKER_ID ZOOKEEPER_CONNECT LISTENERS ADVERTISED_LISTENERS LOG_DIRS NUM_PARTITIONS INTER_BROKER_LISTENER_NAME "
            + "AUTO_CREATE_TOPICS_ENABLE GROUP_INITIAL_REBALANCE_DELAY_MS CONFLUENT_SUPPORT_METRICS_ENABLE LOG4J_LOGGERS "
            + "HOST HOST_PORT PARTITIONS IMAGE MEMORY HEAP UI_PORT VERSION CLUSTER_ID HOME_FILE LINGER_MS_FILE "
            + "PORT PORT_9092_TCP PORT_9092_TCP_ADDR PORT_9092_TCP_PROTO SERVICE_HOST SERVICE_PORT SERVICE_PORT_CLIENTS"
        let variables = names.split(separator: " ").map { ("KAFKA_\($0)", "/opt/kafka") }
        #expect(try KafkaProperty.from(variables: Dictionary(uniqueKeysWithValues: variables)).isEmpty)
    }

    @Test("A near miss beside the right name is somebody else's")
    func besideTheRightName() throws {
        let reader = SettingsReader(environment: ["KAFKA_BOOTSTRAP_SERVER": "x", "KAFKA_BOOTSTRAP_SERVERS": "broker:1"])
        #expect(try KafkaSettings(reader, clientID: "me").properties.isEmpty)
    }

    @Test("A secret property is read from the file that its variable with _FILE names")
    func secretFile() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "tickline-\(UUID().uuidString)")
        try "hunter2\n".write(to: url, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = ["KAFKA_SASL_PASSWORD_FILE": url.path]
        #expect(try KafkaProperty.from(variables: file) == ["sasl.password": "hunter2"])
        let both = #expect(throws: SettingsError.self) {
            try KafkaProperty.from(variables: file.merging(["KAFKA_SASL_PASSWORD": "x"]) { $1 })
        }
        #expect(both?.description == "KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE are both set, allowed: one")
        let missing = #expect(throws: SettingsError.self) {
            try KafkaProperty.from(variables: ["KAFKA_SASL_PASSWORD_FILE": "/nowhere"])
        }
        #expect(missing?.problems.map(\.name) == ["KAFKA_SASL_PASSWORD_FILE"])
        #expect(missing?.description.contains("hunter2") == false)
    }

    @Test("--check-config lists every property that is passed on, secrets masked, and says where they come from")
    func values() {
        let reader = SettingsReader(environment: [
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_PASSWORD": "hunter2", "KAFKA_HOME": "/opt/kafka",
            "KAFKA_SSL_KEY_PASSWORD_FILE": "/run/secrets/key", "KAFKA_BOOTSTRAP_SERVERS": "broker:1",
        ])
        #expect(
            SettingsTable.values(KafkaSettings.all, in: reader) == """
                KAFKA_BOOTSTRAP_SERVERS=broker:1
                KAFKA_TOPIC_PREFIX= (default)
                KAFKA_SASL_PASSWORD=(a secret, not shown)
                KAFKA_SECURITY_PROTOCOL=SASL_SSL
                KAFKA_SSL_KEY_PASSWORD=(a secret, not shown) (from KAFKA_SSL_KEY_PASSWORD_FILE)
                """
        )
        let none = SettingsTable.values(KafkaSettings.all, in: SettingsReader(environment: [:]))
        #expect(none.hasSuffix("\nKAFKA_<PROPERTY> (not set)"))
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
