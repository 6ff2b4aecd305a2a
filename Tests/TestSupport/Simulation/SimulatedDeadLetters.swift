import Shared

/// Dead letters on their way to a simulated broker: each arrives at least once, when the flush has come back.
public final class SimulatedDeadLetters: DeadLetterSink {
    private let process: SimulatedProcess
    private let kafka: SimulatedKafka
    private var waiting: [DeadLetter] = []

    /// None yet.
    public init(of process: SimulatedProcess, on kafka: SimulatedKafka) {
        self.process = process
        self.kafka = kafka
    }

    /// Hands one over.
    public func send(_ letter: DeadLetter) throws(KafkaError) {
        guard !process.isDead else { throw .crashed }
        waiting.append(letter)
    }

    /// Waits until all have arrived.
    public func flush(timeout: Duration) throws(KafkaError) {
        if waiting.isEmpty { return }
        guard process.step() else { throw .crashed }
        let isConnected = process.isConnected
        if isConnected { deliver() }
        guard process.step() else { throw .crashed }
        guard isConnected, !process.simulation.chance(1, in: 30) else {
            guard process.sleep(timeout.wholeMicroseconds / 10) else { throw .crashed }
            throw .timedOut("waiting for acknowledgements")
        }
    }

    /// Forgets those that have not arrived.
    public func reset() {
        waiting = []
    }

    private func deliver() {
        for letter in waiting {
            letter.withBytes { key, value in
                kafka.append(
                    Topic.deadLetter.rawValue,
                    key: key.map(Array.init),
                    value: value.map(Array.init),
                    headers: letter.headers
                )
            }
        }
        waiting = []
    }
}
