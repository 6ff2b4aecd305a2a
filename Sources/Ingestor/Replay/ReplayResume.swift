import Synchronization

/// From where a replay goes on when the pipeline is built anew: everything before it is acknowledged by Kafka.
///
/// It lives as long as the process; a process that is started again begins with the file's first record.
final class ReplayResume: Sendable {
    private let stored = Mutex(RecordReader.Position())

    /// The place in the file.
    var position: RecordReader.Position {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}
