import Logging
import Shared

/// Where a partition that comes to us is read from.
struct StartPosition {
    /// Say what becomes of a gap.
    let settings: AggregatorSettings
    /// Count what was lost in a gap.
    let metrics: AggregatorMetrics
    /// Gets a line about each gap.
    let logger: Logger

    /// Makes sure that the broker has the record to go on with. Without state that is the earliest there is.
    /// - Parameter available: the offsets of the records that the broker has.
    /// - Throws: ``PositionGap`` when it no longer has all behind the position, and that is to stop the service.
    func find(
        for restored: inout StateRestorer.Restored,
        of partition: TopicPartition,
        available: Range<Int64>
    ) throws {
        guard restored.hadState else {
            restored.partition.position.nextOffset = available.lowerBound
            return
        }
        let position = restored.partition.position.nextOffset
        let name = AggregatorSettings.gapPolicySetting.name
        guard let gap = PositionGap(partition: partition, position: position, available: available, setting: name)
        else { return }
        guard settings.gapPolicy == .continue else { throw gap }
        logger.error("going on in spite of this: \(gap)")
        metrics.retentionGaps.increment(by: Int(gap.lost))
        restored.partition.missedRecords()
        restored.partition.position.nextOffset = available.lowerBound
    }
}
