import Shared

/// One input partition on its way through: decode, decide, write.
///
/// It belongs to one thread, and nothing that it calls calls back: so the properties that every record touches go
/// without the check for overlapping accesses, which costs the service 2 to 4 % of its rate.
final class PartitionTask {
    /// The number of the partition of `prices.raw`, and of `aggregator.state`.
    let number: Int32
    /// What decides.
    @exclusivity(unchecked) var partition: Partition
    /// Whether its position moved since the last commit.
    @exclusivity(unchecked) private(set) var hasMoved = false
    /// Whether a window has closed or an alert fired since the last commit: somebody waits for that.
    private(set) var hasNews = false
    @exclusivity(unchecked) private var output = WindowOutput()
    private let partitionCount: Int
    private var writer: ResultWriter
    private let metrics: AggregatorMetrics
    @exclusivity(unchecked) private var counts = TickCounts()
    /// The name in dead letters, and in records that were put back for this service.
    private static let service = "aggregator"

    /// Takes over a partition.
    /// - Parameter partitionCount: how many partitions `prices.raw` has.
    init(
        _ partition: Partition,
        number: Int32,
        of partitionCount: Int,
        sink: any RecordSink,
        metrics: AggregatorMetrics
    ) {
        self.partition = partition
        self.number = number
        self.partitionCount = partitionCount
        writer = ResultWriter(sink)
        self.metrics = metrics
    }

    /// Takes a record of `prices.raw`.
    /// - Returns: false when windows have to be closed first, and are too many for one transaction: what was written has to
    ///   be committed, and the record handed in again.
    /// - Throws: what writing throws; a record that can't be decoded is a dead letter, not an error.
    func take(_ record: KafkaRecord, clock: ClockReading) throws -> Bool {
        // The consumer hands each record out once, in order; the next position rests on that.
        precondition(record.offset >= partition.position.nextOffset, "a record is handed out twice")
        hasMoved = true
        partition.position.nextOffset = record.offset + 1
        guard let value = record.value else {
            try refuse(record, "the record has no value")
            return true
        }
        let bytes = value.span
        let tick: ScannedTick
        do throws(JSONError) {
            tick = try ScannedTick(json: bytes)
        } catch {
            try refuse(record, error.description)
            return true
        }
        let fault = tick.coinID.withUTF8(in: bytes) {
            Partitioner.fault(of: record, coinID: $0, partitionCount: partitionCount)
        }
        if let fault {
            try refuse(record, fault)
            return true
        }
        let input = WindowTick(
            price: tick.price,
            volume: tick.totalVolume,
            size: tick.size,
            time: tick.timestamp,
            isSnapshot: tick.source.equals(PriceTick.coinGeckoSource, in: bytes)
                || tick.source.equals(PriceTick.coinPaprikaSource, in: bytes)
        )
        let decision = tick.coinID.withUTF8(in: bytes) { coin in
            tick.vsCurrency.withUTF8(in: bytes) { currency in
                partition.process(
                    input,
                    coin: coin,
                    currency: currency,
                    clock: clock,
                    isForOthers: { !record.isMeant(for: Self.service) },
                    into: &output
                )
            }
        }
        if !output.isEmpty { try writeOutput(now: clock.wall) }
        switch decision {
        case .closing:
            partition.position.nextOffset = record.offset
            return false
        case .accepted: counts.accepted += 1
        case .revised: counts.revised += 1
        case .unchanged: counts.unchanged += 1
        case .late(let late):
            try refuse(record, late)
        case .future(let ahead):
            try refuse(record, ahead: ahead)
        case .outOfRange:
            try refuse(record, "the sum of the window's prices or sizes, or its start, would be out of range")
        case .noRoom:
            counts.noRoom += 1
            try refuse(record, "no room for another coin (AGGREGATOR_COIN_MEMORY)")
        }
        return true
    }

    /// The partition has been read to its end: its watermark follows the clock.
    /// - Returns: false when there is more to close than one transaction should hold: what was written has to be committed,
    ///   and this called again.
    func advance(to clock: ClockReading) throws -> Bool {
        let isDone = partition.advance(to: clock, into: &output)
        if !output.isEmpty { try writeOutput(now: clock.wall) }
        // A boundary can also change state without a result: panes that nobody needs any more.
        if partition.hasChanges { hasMoved = true }
        return isDone
    }

    /// Emits the windows that are still open, marked partial: the end of a replay.
    /// - Returns: false when there is more: see ``advance(to:)``.
    func flush() throws -> Bool {
        let isDone = partition.flush(into: &output)
        if !output.isEmpty { try writeOutput(now: nil) }
        return isDone
    }

    /// Whether there is something to commit.
    var needsCommit: Bool {
        hasMoved || partition.hasChanges
    }

    /// Writes the state that changed into the open transaction.
    func writeState() throws {
        var records = 0
        try partition.drainChanges { key, value in
            try writer.write(key, value, partition: number)
            records += 1
        }
        metrics.stateRecords.increment(by: records)
        hasMoved = false
        hasNews = false
    }

    /// Forgets what changed of the state: a replay keeps none.
    func discardState() {
        partition.drainChanges { _, _ in }
        hasMoved = false
    }

    /// A record of the rules has been looked at.
    /// - Parameters:
    ///   - rules: the partition of `alerts.rules`.
    ///   - next: the offset after the record.
    ///   - letter: the record, if it can't be used.
    func report(_ letter: DeadLetter?, of rules: Int32, next: Int64) throws {
        partition.position.reportedRules[rules] = next
        guard let letter else { return }
        try writer.write(letter)
        metrics.deadLetters.increment()
        hasMoved = true
    }

    /// Hands what was counted to the metrics: once a batch, not once a tick.
    /// - Returns: what was counted.
    @discardableResult
    func publishCounts() -> TickCounts {
        defer { counts = TickCounts() }
        metrics.add(counts)
        return counts
    }

    private func writeOutput(now: EventTime?) throws {
        for result in output.results {
            let aggregate = partition.aggregate(of: result)
            let delay = now.map { Double($0.microseconds - aggregate.windowEnd.microseconds) / 1e6 }
            metrics.count(result, after: delay)
            try writer.write(aggregate)
            if !result.isRevision { hasNews = true }
        }
        for alert in output.alerts { try writer.write(alert) }
        if !output.alerts.isEmpty { hasNews = true }
        metrics.alerts.increment(by: output.alerts.count)
        output.removeAll()
        hasMoved = true
    }

    private func refuse(_ record: KafkaRecord, _ reason: String) throws {
        // Of one that was put back for others the dead letter is there already, if there is one.
        guard record.isMeant(for: Self.service) else { return counts.unchanged += 1 }
        counts.deadLetters += 1
        try writer.write(DeadLetter(record, service: Self.service, error: reason))
    }

    private func refuse(_ record: KafkaRecord, _ late: LateTick) throws {
        guard record.isMeant(for: Self.service) else { return counts.unchanged += 1 }
        counts.late += 1
        try writer.writeLate(record, headers: Self.headers(late))
    }

    private func refuse(_ record: KafkaRecord, ahead: Int64) throws {
        guard record.isMeant(for: Self.service) else { return counts.unchanged += 1 }
        counts.future += 1
        counts.furthestAhead = max(counts.furthestAhead, ahead)
        try writer.writeLate(record, headers: headers(future: ahead))
    }

    private static func headers(_ late: LateTick) -> [KafkaHeader] {
        [
            KafkaHeader("reason", "late"),
            KafkaHeader("late_by_ms", String(late.by / 1_000)),
            KafkaHeader("watermark", late.watermark.description),
            KafkaHeader("window_start", late.windowStart.description),
        ]
    }

    private func headers(future ahead: Int64) -> [KafkaHeader] {
        let watermark = partition.watermark.map { [KafkaHeader("watermark", $0.description)] } ?? []
        return [KafkaHeader("reason", "future"), KafkaHeader("ahead_by_ms", String(ahead / 1_000))] + watermark
    }
}
