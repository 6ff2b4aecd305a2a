import Logging
import Shared

/// Where a partition that comes to us is read from.
struct StartPosition {
    /// The positions in the database.
    let positions: Positions
    /// Say what becomes of a gap.
    let settings: PersisterSettings
    /// Count gaps.
    let metrics: PersisterMetrics

    /// The position in the database, or the earliest record there is when there is none.
    /// - Parameter available: the offsets of the records that the broker has.
    /// - Throws: ``PositionGap`` when it no longer has all behind the position, and that is to stop the service.
    func offset(of partition: TopicPartition, available: Range<Int64>) throws -> Int64 {
        guard let position = try positions.read(partition) else {
            try positions.start(partition, at: available.lowerBound)
            return try positions.read(partition) ?? available.lowerBound
        }
        let name = PersisterSettings.gapPolicy.name
        guard let gap = PositionGap(partition: partition, position: position, available: available, setting: name)
        else { return position }
        guard settings.gapPolicy == .continue else { throw gap }
        Logger(label: "persister").error("\(gap)")
        metrics.gaps.increment()
        try positions.replace(partition, by: available.lowerBound)
        return available.lowerBound
    }
}
