/// When a batch is big or old enough to be written. No clock of its own: the age is passed in.
struct BatchPolicy: Sendable, Equatable {
    /// Records at which a batch is written.
    var rows: Int
    /// Bytes (rows, the records they come from, and those that can't be used) at which it is written.
    var bytes: Int
    /// Age of its first record at which it is written.
    var age: Duration

    /// Whether a batch has all it should hold.
    func isFull(rows: Int, bytes: Int) -> Bool {
        rows >= self.rows || bytes >= self.bytes
    }

    /// Whether a batch has waited long enough.
    /// - Parameter age: How long ago its first record arrived; nil if it has none.
    func isDue(age: Duration?) -> Bool {
        age.map { $0 >= self.age } ?? false
    }

    /// How long a poll may wait so that no batch becomes older than it should.
    /// - Parameters:
    ///   - oldest: The age of the oldest batch that has a record; nil if none has.
    ///   - limit: The longest wait.
    func pollTimeout(oldest: Duration?, limit: Duration) -> Duration {
        guard let oldest else { return limit }
        return min(limit, max(.milliseconds(1), age - oldest))
    }
}
