import Shared

/// A consumer group with the eager protocol and the range assignor.
///
/// When somebody comes or goes, the group waits until all members have joined again, for as long as a member may take between
/// two polls; who hasn't by then is left out. A member that sends no heartbeat for the length of a session is left out too.
/// Then there is a new generation. Nobody tells a member: it finds out by the answer to its next heartbeat.
public final class SimulatedGroup {
    private final class Member {
        let topics: [String]
        var hasJoined = true
        var lastHeartbeat: Int64
        /// What it is to be given; nil once it has taken it.
        var assignment: [TopicPartition]?

        init(topics: [String], now: Int64) {
            self.topics = topics
            lastHeartbeat = now
        }
    }

    /// How a heartbeat is answered.
    enum Beat {
        case fine
        case joinAgain
        case unknown
    }

    /// How long a member may be silent, in microseconds.
    public var sessionTimeout: Int64 = 6_000_000
    /// How long the group waits for its members to join, in microseconds.
    public var joinTimeout: Int64 = 20_000_000
    /// What was committed.
    public internal(set) var offsets: [TopicPartition: Int64] = [:]
    private let simulation: Simulation
    private let partitions: (String) -> [TopicPartition]
    private var members: [String: Member] = [:]
    private(set) var generation = 0
    private var isWaiting = false
    private var round = 0

    init(_ simulation: Simulation, partitions: @escaping (String) -> [TopicPartition]) {
        self.simulation = simulation
        self.partitions = partitions
        look()
    }

    func isMember(_ id: String, generation: Int) -> Bool {
        members[id] != nil && generation == self.generation
    }

    func join(_ id: String, topics: [String]) {
        if let member = members[id] {
            member.hasJoined = true
            member.assignment = nil
        } else {
            members[id] = Member(topics: topics, now: simulation.now)
        }
        if isWaiting { complete() } else { begin(joined: id) }
    }

    func leave(_ id: String) {
        guard members.removeValue(forKey: id) != nil else { return }
        if isWaiting { complete() } else if !members.isEmpty { begin(joined: nil) }
    }

    func beat(_ id: String) -> Beat {
        guard let member = members[id] else { return .unknown }
        member.lastHeartbeat = simulation.now
        return isWaiting && !member.hasJoined ? .joinAgain : .fine
    }

    /// What a member that has joined gets, with the generation; nil as long as the group waits for others.
    func takeAssignment(of id: String) -> (partitions: [TopicPartition], generation: Int)? {
        guard let member = members[id], let assignment = member.assignment else { return nil }
        member.assignment = nil
        return (assignment, generation)
    }

    private func begin(joined id: String?) {
        isWaiting = true
        round += 1
        for (name, member) in members where name != id {
            member.hasJoined = false
            member.assignment = nil
        }
        let this = round
        simulation.after(joinTimeout) { [weak self] in
            guard let self, isWaiting, round == this else { return }
            members = members.filter { $0.value.hasJoined }
            complete()
        }
        complete()
    }

    private func complete() {
        guard isWaiting, members.values.allSatisfy(\.hasJoined) else { return }
        isWaiting = false
        generation += 1
        let names = members.keys.sorted()
        for name in names { members[name]?.assignment = [] }
        for topic in Set(members.values.flatMap(\.topics)).sorted() {
            let all = partitions(topic)
            let takers = names.filter { members[$0]?.topics.contains(topic) ?? false }
            for (index, name) in takers.enumerated() {
                let share = all.count * index / takers.count..<all.count * (index + 1) / takers.count
                members[name]?.assignment? += all[share]
            }
        }
        simulation.note("generation \(generation) of \(names)")
    }

    /// Looks for members that have been silent for too long.
    private func look() {
        simulation.after(500_000) { [weak self] in
            guard let self else { return }
            let silent = members.filter { simulation.now - $0.value.lastHeartbeat > sessionTimeout }.keys.sorted()
            for name in silent {
                simulation.note("\(name) is put out of its group")
                leave(name)
            }
            look()
        }
    }
}
