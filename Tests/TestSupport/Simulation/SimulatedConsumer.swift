import CRdKafka
import Shared

/// A member of a simulated group, as librdkafka and ``KafkaConsumer`` make one of a real group: rebalances come inside of
/// ``poll(max:timeout:_:)``, heartbeats go out by themselves, and what the broker has said may be old.
public final class SimulatedConsumer: GroupMember {
    private struct Slot {
        var next: Int64
        var isPaused = false
        /// Where it was read to its end, and where the partition ended then, open transactions included.
        var end: Int64?
        var high: Int64?
    }

    private let process: SimulatedProcess
    private let kafka: SimulatedKafka
    private let groupName: String
    private let topics: [String]
    private let readsCommitted: Bool
    private unowned let handler: any RebalanceHandler
    private var slots: [TopicPartition: Slot] = [:]
    private(set) var member: String
    private(set) var generation = -1
    private var joins = 0
    /// What the last heartbeat was answered.
    private var news = SimulatedGroup.Beat.fine
    private var isJoining = false
    private var isClosed = false
    private var isLost = false
    /// Most polls hand out all there is up to this many records.
    private static let portion: Int64 = 40

    private var simulation: Simulation { process.simulation }
    private var group: SimulatedGroup { kafka.group(groupName) }

    /// Joins a group.
    public init(
        of process: SimulatedProcess,
        on kafka: SimulatedKafka,
        group: String,
        topics: [String],
        readsCommitted: Bool = true,
        handler: any RebalanceHandler
    ) {
        self.process = process
        self.kafka = kafka
        groupName = group
        self.topics = topics
        self.readsCommitted = readsCommitted
        self.handler = handler
        member = process.name
        beat()
    }

    /// Sends a heartbeat twice a second, as a thread of librdkafka does whatever the process is at.
    private func beat() {
        simulation.after(400_000 + simulation.number(below: 200_000)) { [weak self] in
            guard let self, !isClosed, !process.isDead, !process.hasEnded else { return }
            if process.isConnected { news = group.beat(member) }
            beat()
        }
    }

    // MARK: - Polling

    /// Lets rebalances happen, and hands out records.
    @discardableResult
    public func poll(max: Int, timeout: Duration, _ body: (KafkaRecord) throws -> Void) throws -> Int {
        guard process.step(isPoll: true) else { throw KafkaError.crashed }
        try serveGroup()
        var count = try fetch(max, body)
        if count == 0 {
            guard process.sleep(simulation.number(below: timeout.wholeMicroseconds)) else { throw KafkaError.crashed }
            count = try fetch(max, body)
        }
        return count
    }

    private func serveGroup() throws {
        guard process.isConnected else { return }
        if joins == 0 || news == .unknown && !isJoining {
            if !slots.isEmpty {
                isLost = true
                giveBack(abandon: false)
            }
            joins += 1
            member = "\(process.name)/\(joins)"
            join()
        } else if news == .unknown {
            joins += 1
            member = "\(process.name)/\(joins)"
            join()
        } else if news == .joinAgain, !isJoining || group.beat(member) == .joinAgain {
            if !slots.isEmpty { giveBack(abandon: false) }
            guard process.isConnected else { return }
            join()
        }
        guard isJoining, let (partitions, generation) = group.takeAssignment(of: member) else { return }
        isJoining = false
        self.generation = generation
        var offsets = try handled { try handler.assigned(partitions, of: self) }
        for partition in partitions where offsets[partition] == nil {
            offsets[partition] = group.offsets[partition] ?? kafka[partition].start
        }
        for partition in partitions { slots[partition] = Slot(next: offsets[partition] ?? 0) }
    }

    private func handled<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw (error as? KafkaError).map { FailedAssignment(cause: $0) } ?? error
        }
    }

    private func join() {
        news = .fine
        isJoining = true
        group.join(member, topics: topics)
    }

    private func giveBack(abandon: Bool) {
        let partitions = slots.keys.sorted()
        simulation.note("\(process.name) gives \(partitions.count) back\(abandon || isLost ? ", lost" : "")")
        if abandon || isLost {
            handler.lost(partitions)
        } else {
            handler.revoked(partitions, of: self)
        }
        isLost = false
        slots = [:]
    }

    private func fetch(_ max: Int, _ body: (KafkaRecord) throws -> Void) throws -> Int {
        guard process.isConnected else { return 0 }
        var room = Swift.min(Int64(max), 1 + simulation.number(below: Self.portion))
        var count = 0
        for partition in slots.keys.sorted() where room > 0 {
            guard let slot = slots[partition], !slot.isPaused else { continue }
            let log = kafka[partition]
            guard slot.next >= log.start || log.records.isEmpty, slot.next <= log.end else {
                throw KafkaError(
                    code: RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET.rawValue,
                    name: "_AUTO_OFFSET_RESET",
                    message: "\(partition) has no offset \(slot.next)"
                )
            }
            let limit = readsCommitted ? log.stableEnd : log.end
            var index = log.index(of: slot.next)
            while room > 0, index < log.records.count, log.records[index].offset < limit {
                let record = log.records[index]
                index += 1
                if record.isMarker || readsCommitted && !log.isVisible(record) { continue }
                slots[partition]?.next = record.offset + 1
                room -= 1
                count += 1
                try KafkaRecord.make(
                    in: partition,
                    offset: record.offset,
                    key: record.key,
                    value: record.value,
                    timestampMilliseconds: record.time,
                    headers: record.headers
                ) { try body($0) }
            }
            // What the broker said of the end may be older than what it gives out next.
            slots[partition]?.high = log.end
            if index == log.records.count || log.records[index].offset >= limit { slots[partition]?.end = limit }
        }
        return count
    }

    // MARK: - Questions

    /// Where it goes on, by partition.
    public var positions: [TopicPartition: Int64] {
        slots.mapValues(\.next)
    }

    /// Goes on from elsewhere.
    public func seek(to offsets: [TopicPartition: Int64]) throws(KafkaError) {
        for (partition, offset) in offsets where slots[partition] != nil {
            slots[partition]?.next = offset
            slots[partition]?.end = nil
        }
    }

    /// Fetches nothing of these.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        for partition in partitions { slots[partition]?.isPaused = true }
    }

    /// Fetches these again.
    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        for partition in partitions { slots[partition]?.isPaused = false }
    }

    /// Commits offsets.
    public func commit(_ offsets: [TopicPartition: Int64], wait: Duration?) throws(KafkaError) {
        guard let wait else {
            // Nobody waits for the answer, so nobody hears a refusal.
            guard !process.isDead else { throw .crashed }
            if process.isConnected, group.isMember(member, generation: generation) {
                group.offsets.merge(offsets) { $1 }
            }
            return
        }
        try ask("committing offsets", timeout: wait)
        guard group.isMember(member, generation: generation) else {
            throw KafkaError(
                code: RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION.rawValue,
                name: "ILLEGAL_GENERATION",
                message: "committing offsets"
            )
        }
        group.offsets.merge(offsets) { $1 }
    }

    /// What the group has committed.
    public func committed(_ partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64] {
        try ask("asking for the committed offsets", timeout: .seconds(10))
        return group.offsets.filter { partitions.contains($0.key) }
    }

    /// How many partitions a topic has.
    public func partitionCount(of topic: String, timeout: Duration) throws(KafkaError) -> Int? {
        try ask("asking for \(topic)", timeout: timeout)
        let count = kafka.logs(of: topic).count
        return count > 0 ? count : nil
    }

    /// What the broker has.
    public func watermarkOffsets(of partition: TopicPartition, timeout: Duration) throws(KafkaError) -> Range<Int64> {
        try ask("asking for the ends", timeout: timeout)
        let log = kafka[partition]
        return log.start..<(readsCommitted ? log.stableEnd : log.end)
    }

    /// What the broker has.
    public func watermarkOffsets(
        of partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Range<Int64>] {
        var ranges: [TopicPartition: Range<Int64>] = [:]
        for partition in partitions { ranges[partition] = try watermarkOffsets(of: partition, timeout: timeout) }
        return ranges
    }

    /// The first records since a time.
    public func firstOffsets(
        of partitions: [TopicPartition],
        since milliseconds: Int64,
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try ask("asking for the offsets of a time", timeout: timeout)
        var offsets: [TopicPartition: Int64] = [:]
        for partition in partitions {
            offsets[partition] = kafka[partition].records.first { $0.time >= milliseconds }?.offset
        }
        return offsets
    }

    /// A round trip; without a connection it lasts until the time is up.
    private func ask(_ doing: String, timeout: Duration) throws(KafkaError) {
        guard process.step() else { throw .crashed }
        guard process.isConnected else {
            guard process.sleep(timeout.wholeMicroseconds) else { throw .crashed }
            throw .timedOut(doing)
        }
    }

    /// Whether all before an offset was handed out.
    public func hasRead(_ partition: TopicPartition, to offset: Int64) -> Bool {
        guard let slot = slots[partition] else { return false }
        return max(slot.next, slot.end ?? 0) >= offset
    }

    /// How far it is behind, as of the last fetch.
    public func lag(of partition: TopicPartition) -> Int64? {
        guard let slot = slots[partition], let high = slot.high else { return nil }
        return max(0, high - max(slot.next, slot.end ?? 0))
    }

    /// Where a partition ended at the last fetch.
    public func end(of partition: TopicPartition) -> Int64? {
        slots[partition]?.high
    }

    /// Leaves the group.
    public func close(abandon: Bool) {
        if isClosed { return }
        if !slots.isEmpty { giveBack(abandon: abandon) }
        isClosed = true
        if process.isConnected { group.leave(member) }
    }

    /// There is none: see ``membership()``.
    public func groupMetadata() throws(KafkaError) -> KafkaConsumer.GroupMetadata {
        throw .timedOut("a simulated group has no metadata of librdkafka's")
    }

    /// What a broker checks when offsets go into a transaction.
    func membership() -> (group: String, member: String, generation: Int) {
        (groupName, member, generation)
    }
}
