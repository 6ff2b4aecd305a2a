import Shared

/// Where the alert rules come from: ``RuleFeed``, or a list.
protocol RuleSource: AnyObject {
    /// The rules in force, for a partition that comes.
    var inForce: [AlertRule] { get }

    /// Hands over what has changed since the last call, and reports faulty rules that nobody has reported yet. Doesn't wait.
    /// - Parameters:
    ///   - tasks: the partitions that are ours, by number.
    ///   - partitionCount: how many partitions there are in all.
    func deliver(to tasks: [Int32: PartitionTask], of partitionCount: Int) throws
}
