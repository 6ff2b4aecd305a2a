import Logging
import Shared

/// The writer threads, each with a connection of its own, and the queue that they take batches from.
///
/// One thread (the one that polls) gives batches out and collects what became of them. A batch is tried again and again
/// while the database is in trouble, so nothing is lost and the polling thread stays in its group meanwhile.
final class WriterPool: Writers, Sendable {
    private let queue = Monitor(WriterQueue())
    private let running: Monitor<Int>
    /// Ends every wait for the database.
    private let end = StopSignal()

    /// Starts the threads.
    /// - Throws: ``ThreadError`` if the system has no thread left.
    init(settings: PersisterSettings) throws(ThreadError) {
        running = Monitor(settings.connections)
        for index in 0..<settings.connections {
            let (queue, running, end) = (queue, running, end)
            do {
                try DedicatedThread.start(name: "writer \(index)") {
                    var thread = WriterThread(
                        queue: queue,
                        isEnding: { end.isRequested },
                        deadLetters: DeadLetterQueue(settings: settings.kafka, stop: end),
                        logger: Logger(label: "writer \(index)"),
                        connect: { () throws(PostgresError) in try Self.connect(settings, stop: end) }
                    )
                    thread.run()
                    running.withLock { $0 -= 1 }
                }
            } catch {
                queue.withLock { $0.stop() }
                throw error
            }
        }
    }

    private static func connect(_ settings: PersisterSettings, stop: StopSignal) throws(PostgresError) -> BatchWriter {
        // The server ends a statement that takes too long, so that it doesn't go on for nobody. One that stands still
        // can't, and is given up a little later.
        let timeout = settings.databaseTimeout
        let connection = try PostgresConnection(settings.postgres, silence: timeout + .seconds(2), stop: stop)
        return try BatchWriter(connection, statementTimeout: timeout)
    }

    /// Whether a batch of a partition can be submitted.
    func hasRoom(for partition: TopicPartition) -> Bool {
        queue.read { $0.hasRoom(for: partition) }
    }

    /// Takes a batch of a partition that has room.
    func submit(_ batch: Batch) {
        queue.withLock { $0.submit(batch, now: .now) }
    }

    /// The bytes of all batches that wait or are being written.
    var byteCount: Int {
        queue.read { $0.byteCount }
    }

    /// Waits until a partition has room.
    /// - Returns: whether it has; false also at once when the database takes nothing of this partition.
    func waitForRoom(for partition: TopicPartition, until deadline: ContinuousClock.Instant) -> Bool {
        wait(for: [partition], until: deadline) { $0.hasRoom(for: partition) }
    }

    /// Waits until nothing of these partitions is waiting or being written.
    /// - Returns: false if the time was up, or the database takes nothing of one of them.
    func waitUntilWritten(_ partitions: Set<TopicPartition>, until deadline: ContinuousClock.Instant) -> Bool {
        wait(for: partitions, until: deadline) { !$0.holds(partitions) }
    }

    /// Waits until all batches together have fewer bytes.
    /// - Returns: false if the time was up, or the database is in trouble.
    func waitForSpace(below bytes: Int, until deadline: ContinuousClock.Instant) -> Bool {
        wait(for: nil, until: deadline) { $0.byteCount < bytes }
    }

    /// What has become of batches since the last call.
    func collect() -> [WriterQueue.Outcome] {
        queue.withLock { $0.collect() }
    }

    /// Why the database cannot be written to; nil if it can, as far as is known.
    var trouble: String? {
        queue.read { $0.trouble(now: .now) }
    }

    /// Gives partitions up, and waits a little for what is being written of them; when that is written later anyway, the
    /// position fences it.
    func abandon(_ partitions: Set<TopicPartition>, atMost timeout: Duration) {
        queue.withLock { $0.abandon(partitions) }
        _ = queue.wait(atMost: timeout) { $0.holds(partitions) ? nil : true }
    }

    /// Ends the threads: what waits is dropped, and what is being written is left where it is.
    func stop(atMost timeout: Duration) {
        queue.withLock { $0.stop() }
        end.request(within: .zero)
        _ = running.wait(atMost: timeout) { $0 == 0 ? true : nil }
    }

    private func wait(
        for partitions: Set<TopicPartition>?,
        until deadline: ContinuousClock.Instant,
        _ isDone: (WriterQueue) -> Bool
    ) -> Bool {
        let left = max(.zero, ContinuousClock.now.duration(to: deadline))
        return queue.wait(atMost: left) { queue -> Bool? in
            if isDone(queue) { return true }
            return queue.trouble(of: partitions, now: .now) == nil ? nil : false
        } ?? false
    }
}
