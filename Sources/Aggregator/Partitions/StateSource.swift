import Shared

/// Where the state of partitions that come to us is read from: ``StateRestorer``, or a simulation.
protocol StateSource {
    /// Restores partitions.
    /// - Parameter deadline: when it gives up.
    /// - Returns: what was found, in the order of the partitions.
    func restore(
        _ partitions: [Int32],
        rules: [AlertRule],
        until deadline: ContinuousClock.Instant
    ) throws -> [StateRestorer.Restored]
}
