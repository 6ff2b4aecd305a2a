import Foundation
import Glibc
import TestSupport

/// A real broker that a test may take down and bring back, by the commands that the environment names.
struct RealBroker {
    /// `host:port`.
    let address: String
    /// Ends the broker.
    let stopCommand: String
    /// Starts it again with its data, and returns when it answers.
    let startCommand: String

    /// `KAFKA_BOOTSTRAP_SERVERS`, `TEST_BROKER_STOP` and `TEST_BROKER_START`; nil unless all three are set.
    static var named: RealBroker? {
        let environment = ProcessInfo.processInfo.environment
        guard let address = TestBroker.realBootstrapServers,
            let stop = environment["TEST_BROKER_STOP"], let start = environment["TEST_BROKER_START"]
        else { return nil }
        return RealBroker(address: address, stopCommand: stop, startCommand: start)
    }

    /// How often a test is to be repeated: `TEST_BROKER_ROUNDS`, else once.
    static var rounds: Int {
        ProcessInfo.processInfo.environment["TEST_BROKER_ROUNDS"].flatMap { Int($0) } ?? 1
    }

    /// Takes it down.
    func stop() throws {
        try run(stopCommand)
    }

    /// Brings it back.
    func start() throws {
        try run(startCommand)
    }

    private func run(_ command: String) throws {
        // Not Foundation's Process: it would wait for the broker too, which inherits its descriptors.
        let status = system("(\(command)) >/dev/null </dev/null")
        guard status == 0 else {
            throw ServiceProcess.Failure(description: "`\(command)` ended with \(status)")
        }
    }
}
