/// Where records go that a service can't use: ``DeadLetterQueue``, or a list of a simulation.
public protocol DeadLetterSink: AnyObject {
    /// Hands a dead letter over; what depends on it (a commit) may be done after the next ``flush(timeout:)``.
    func send(_ letter: DeadLetter) throws(KafkaError)

    /// Waits until every dead letter is acknowledged.
    func flush(timeout: Duration) throws(KafkaError)

    /// Lets go of the connection, which may be half dead after an error.
    func reset()
}
