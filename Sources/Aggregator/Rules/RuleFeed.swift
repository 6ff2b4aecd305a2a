import Shared

/// Brings the alert rules to the partitions, and the faulty ones to the dead letters.
///
/// It belongs to the thread that made it.
final class RuleFeed: RuleSource {
    private let follower: RuleFollower
    private let faults: RuleFaultReader

    /// Rules that have been read to their end.
    init(_ follower: RuleFollower, settings: AggregatorSettings) {
        self.follower = follower
        faults = RuleFaultReader(settings: settings)
    }

    /// The rules in force, for a partition that comes.
    var inForce: [AlertRule] { follower.rules.all }

    /// Hands over what has changed since the last call, and reports faulty rules that nobody has reported yet. Doesn't wait.
    ///
    /// One task, on whichever instance it runs, reports the faults of a partition of the rules.
    /// - Parameters:
    ///   - tasks: the partitions that are ours, by number.
    ///   - partitionCount: how many partitions there are in all.
    func deliver(to tasks: [Int32: PartitionTask], of partitionCount: Int) throws {
        for change in try follower.poll() {
            for task in tasks.values {
                switch change {
                case .set(let rule): _ = task.partition.setRule(rule)
                case .remove(let ruleID): task.partition.removeRule(ruleID)
                }
            }
        }
        var unreported: [Int32: Int64] = [:]
        for (partition, end) in follower.positions {
            guard let task = tasks[partition % Int32(partitionCount)] else { continue }
            let start = follower.starts[partition] ?? 0
            let reported = task.partition.position.reportedRules[partition] ?? 0
            if reported > end {
                // Another instance was ahead of this one, or the topic was created anew.
                guard follower.isBehindEnd(reported, of: partition) else { continue }
                try task.report(nil, of: partition, next: start)
            }
            let next = max(task.partition.position.reportedRules[partition] ?? 0, start)
            if next < end { unreported[partition] = next }
        }
        try faults.read(from: unreported) { partition, next, letter in
            try tasks[partition % Int32(partitionCount)]?.report(letter, of: partition, next: next)
        }
    }
}
