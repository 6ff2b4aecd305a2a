import Logging
import Shared
import TestSupport

@testable import Persister

/// The writers of a simulated Persister: the service's queue, and what its threads do, on threads of the simulation.
final class SimulatedWriters: Writers {
    private let queue = Monitor(WriterQueue())
    private let process: SimulatedProcess
    private var threads: [SimulatedProcess] = []
    private var isEnding = false
    /// Those that wait for a batch: one that waits for a server must not be woken.
    private var idle: Set<ObjectIdentifier> = []

    private var clocks: Clocks { process.simulation.clocks }

    init(
        _ count: Int,
        of process: SimulatedProcess,
        on kafka: SimulatedKafka,
        connect: @escaping (SimulatedProcess) throws(PostgresError) -> BatchWriter
    ) {
        self.process = process
        for number in 0..<count {
            let thread = process.simulation.start("\(process.name) writer \(number)", in: process) { [self] thread in
                write(thread, SimulatedDeadLetters(of: thread, on: kafka), connect)
            }
            threads.append(thread)
        }
    }

    private func write(
        _ thread: SimulatedProcess,
        _ deadLetters: SimulatedDeadLetters,
        _ connect: @escaping (SimulatedProcess) throws(PostgresError) -> BatchWriter
    ) {
        let simulation = thread.simulation
        var writer = WriterThread(
            queue: queue,
            isEnding: { [unowned self] in isEnding },
            deadLetters: deadLetters,
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() },
            clocks: clocks,
            random: { Double(simulation.number(below: 1_000)) / 1_000 },
            connect: { () throws(PostgresError) in try connect(thread) }
        )
        while !thread.isDead {
            let now = clocks.instant()
            switch queue.withLock({ $0.next(now: now) }) {
            case .end: return
            case .write(let job): writer.work(at: job)
            case .wait(let until):
                idle.insert(ObjectIdentifier(thread))
                thread.sleep(until.map { now.duration(to: $0).wholeMicroseconds + 1 } ?? 3_600_000_000)
                idle.remove(ObjectIdentifier(thread))
            }
        }
    }

    /// Ends the threads.
    func stop() {
        isEnding = true
        queue.withLock { $0.stop() }
        for thread in threads where idle.contains(ObjectIdentifier(thread)) { thread.wake() }
    }

    // MARK: - The one that polls

    var byteCount: Int { queue.read { $0.byteCount } }

    func hasRoom(for partition: TopicPartition) -> Bool {
        queue.read { $0.hasRoom(for: partition) }
    }

    func submit(_ batch: Batch) {
        let now = clocks.instant()
        queue.withLock { $0.submit(batch, now: now) }
        for thread in threads where idle.contains(ObjectIdentifier(thread)) { thread.wake() }
    }

    func collect() -> [WriterQueue.Outcome] {
        queue.withLock { $0.collect() }
    }

    func waitForRoom(for partition: TopicPartition, until deadline: ContinuousClock.Instant) -> Bool {
        wait(for: [partition], until: deadline) { $0.hasRoom(for: partition) }
    }

    func waitUntilWritten(_ partitions: Set<TopicPartition>, until deadline: ContinuousClock.Instant) -> Bool {
        wait(for: partitions, until: deadline) { !$0.holds(partitions) }
    }

    func waitForSpace(below bytes: Int, until deadline: ContinuousClock.Instant) -> Bool {
        wait(for: nil, until: deadline) { $0.byteCount < bytes }
    }

    func abandon(_ partitions: Set<TopicPartition>, atMost timeout: Duration) {
        queue.withLock { $0.abandon(partitions) }
        let deadline = clocks.instant().advanced(by: timeout)
        while queue.read({ $0.holds(partitions) }), clocks.instant() < deadline, process.sleep(10_000) {}
    }

    private func wait(
        for partitions: Set<TopicPartition>?,
        until deadline: ContinuousClock.Instant,
        _ isDone: (WriterQueue) -> Bool
    ) -> Bool {
        repeat {
            if queue.read(isDone) { return true }
            let now = clocks.instant()
            if queue.read({ $0.trouble(of: partitions, now: now) }) != nil || now >= deadline { return false }
        } while process.sleep(10_000)
        return false
    }
}
