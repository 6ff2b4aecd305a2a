import Logging
import Shared

/// The writer threads: each has a connection of its own and writes the batches it is given one after another.
///
/// One thread (the one that polls) gives batches out and collects what became of them. A writer tries a batch again and
/// again while the database is in trouble, so nothing is lost and the polling thread stays in its group meanwhile.
final class WriterPool: Sendable {
    /// What became of a batch.
    enum Outcome: Sendable {
        /// It is in the database.
        case written(Batch, BatchWriter.Result, seconds: Double)
        /// It is not, and never will be by this process: it was abandoned.
        case dropped(TopicPartition)
        /// It is not, and trying again would not help.
        case failed(TopicPartition, any Error)
    }

    /// One writer, as far as both sides look at it.
    struct Lane: Sendable {
        /// Batches that wait; at most one.
        var waiting: [Batch] = []
        /// The partition of the batch that is being written.
        var writing: TopicPartition?
        /// Why the last attempt failed, while the writer tries again.
        var trouble: String?
        /// Whether the thread has ended.
        var isEnded = false
    }

    /// All that the threads share.
    struct State: Sendable {
        var lanes: [Lane]
        var outcomes: [Outcome] = []
        var abandoned: Set<TopicPartition> = []
        var isStopping = false
    }

    let state: Monitor<State>
    let count: Int

    /// Starts the threads.
    /// - Throws: ``ThreadError`` if the system has no thread left.
    init(settings: PersisterSettings, count: Int) throws(ThreadError) {
        self.count = count
        state = Monitor(State(lanes: Array(repeating: Lane(), count: count)))
        for index in 0..<count {
            let state = state
            do {
                try DedicatedThread.start(name: "writer \(index)") {
                    var writer = WriterThread(index: index, settings: settings, state: state)
                    writer.run()
                    state.withLock { $0.lanes[index].isEnded = true }
                }
            } catch {
                state.withLock { $0.isStopping = true }
                throw error
            }
        }
    }

    /// Whether a writer takes another batch.
    func hasRoom(_ index: Int) -> Bool {
        state.withLock { $0.lanes[index].waiting.isEmpty }
    }

    /// Gives a batch to a writer that has room.
    func submit(_ batch: consuming Batch, to index: Int) {
        let batch = batch
        state.withLock { $0.lanes[index].waiting.append(batch) }
    }

    /// Waits until a writer has room.
    /// - Returns: whether it has; false also at once when that writer is in trouble.
    func waitForRoom(_ index: Int, atMost timeout: Duration) -> Bool {
        state.wait(atMost: timeout) { state -> Bool? in
            if state.lanes[index].waiting.isEmpty { return true }
            return state.lanes[index].trouble == nil ? nil : false
        } ?? false
    }

    /// What has become of batches since the last call.
    func collect() -> [Outcome] {
        state.withLock { state in
            defer { state.outcomes.removeAll() }
            return state.outcomes
        }
    }

    /// Why the database cannot be written to; nil if it can, as far as is known.
    var trouble: String? {
        state.withLock { $0.lanes.lazy.compactMap(\.trouble).first }
    }

    /// Waits until nothing of these partitions is waiting or being written.
    /// - Returns: false if the time was up, or a writer that holds some of it is in trouble.
    func waitUntilWritten(_ partitions: Set<TopicPartition>, atMost timeout: Duration) -> Bool {
        func holds(_ lane: Lane) -> Bool {
            lane.waiting.contains { partitions.contains($0.source) } || lane.writing.map(partitions.contains) == true
        }
        return state.wait(atMost: timeout) { state -> Bool? in
            let busy = state.lanes.filter(holds)
            return busy.isEmpty ? true : busy.contains { $0.trouble != nil } ? false : nil
        } ?? false
    }

    /// Gives partitions up: what waits of them is dropped, and what is being written is not tried again. Returns when no
    /// writer holds any of it, or when the time is up; what is written later anyway is fenced by its position.
    func abandon(_ partitions: Set<TopicPartition>, atMost timeout: Duration) {
        state.withLock { state in
            state.abandoned.formUnion(partitions)
            for index in state.lanes.indices {
                state.lanes[index].waiting.removeAll { partitions.contains($0.source) }
            }
        }
        _ = state.wait(atMost: timeout) { state -> Bool? in
            state.lanes.contains { $0.writing.map(partitions.contains) == true } ? nil : true
        }
        state.withLock { $0.abandoned.subtract(partitions) }
    }

    /// Ends the threads: what they are writing is finished if the database answers, what waits is dropped.
    func stop(atMost timeout: Duration) {
        state.withLock { state in
            state.isStopping = true
            for index in state.lanes.indices { state.lanes[index].waiting.removeAll() }
        }
        _ = state.wait(atMost: timeout) { $0.lanes.allSatisfy(\.isEnded) ? true : nil }
    }
}
