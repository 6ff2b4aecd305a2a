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
    /// - Parameters:
    ///   - position: the position in the database, if there is one.
    ///   - available: the offsets of the records that the broker has, asked for after the position was read: what another
    ///     instance wrote in between would seem to lie behind the end.
    /// - Throws: ``PositionGap`` when it no longer has all behind the position, and that is to stop the service; ``Fenced``.
    func offset(of partition: TopicPartition, at position: Int64?, available: Range<Int64>) throws -> Int64 {
        guard let position else {
            try positions.start(partition, at: available.lowerBound)
            return try positions.read(partition) ?? available.lowerBound
        }
        let name = PersisterSettings.gapPolicy.name
        guard let gap = PositionGap(partition: partition, position: position, available: available, setting: name)
        else { return position }
        guard settings.gapPolicy == .continue else { throw gap }
        Logger(label: "persister").error("\(gap)")
        metrics.gaps.increment()
        guard try positions.replace(position, of: partition, by: available.lowerBound) else {
            throw Fenced(partition: partition, expected: position)
        }
        return available.lowerBound
    }
}
