import Shared

/// Writes pieces of history and how far it is, each piece in one Kafka transaction: killed at any moment, either both are there
/// or neither.
///
/// A process that begins the same piece of history fences the one before it, whose open transaction ends with that.
final class BackfillSink {
    private let transactions: TickTransactions
    private let key: StateKey
    private var batch = TickBatch()

    /// Connects, and fences whoever wrote the same before.
    /// - Parameters:
    ///   - kafka: where `ingestor.state` is.
    ///   - name: of the piece of history.
    ///   - outputPrefix: put before `prices.raw`.
    /// - Throws: ``KafkaError`` when that can't be done.
    init(kafka: KafkaSettings, name: String, outputPrefix: String, stop: StopSignal) throws {
        key = .backfill(name)
        transactions = try TickTransactions(
            kafka: kafka,
            id: "ingestor-backfill-\(name)",
            outputPrefix: outputPrefix,
            stop: stop
        )
    }

    /// Writes a piece and the progress behind it.
    /// - Returns: ticks that nobody would take: without a usable id, or too large for the brokers, for example.
    /// - Throws: ``KafkaError``; nothing of it is visible then, or all of it.
    func write(
        _ entries: ArraySlice<BackfillWindow.Entry>,
        of plan: BackfillPlan,
        progress: BackfillProgress,
        ingestedAt: EventTime
    ) throws -> Int {
        var refused = 0
        batch.reset()
        for entry in entries {
            let tick = entry.point.tick(of: plan.series[entry.series], ingestedAt: ingestedAt)
            if !batch.append(tick) { refused += 1 }
        }
        return try refused + transactions.write(batch, StateRecord(key: key, value: progress.bytes)).count
    }
}
