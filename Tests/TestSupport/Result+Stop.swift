import Shared

extension Result where Success == Void, Failure == any Error {
    /// What a pipeline ended with that was asked to stop: a question to the broker that the stop cut short is no failure, as
    /// the supervisor has it.
    /// - Throws: any other error.
    public func getAfterStop() throws {
        if case .failure(let error) = self, (error as? KafkaError)?.isInterrupted != true { throw error }
    }
}
