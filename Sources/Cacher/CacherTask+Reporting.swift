import Logging
import Shared

/// What the Cacher says of its own progress: the lag, the hash `freshness`, and the group's offsets.
extension CacherTask {
    /// How often that is done.
    private static let reportInterval = Duration.seconds(1)
    /// How long the broker may take to tell the end of a partition that isn't fetched.
    private static let lookAhead = Duration.milliseconds(200)

    /// Measures the lag, looks whether Redis still has its data, stores how fresh it is, and commits, once a second.
    ///
    /// While Redis is away the last two wait for it: what was counted must be stored before the offsets behind it are
    /// committed, or it would never be counted.
    func report(_ consumer: any GroupMember) throws {
        guard clocks.instant() >= nextReport else { return }
        nextReport = clocks.instant() + Self.reportInterval
        guard try settle(consumer) else { return }
        measureLag(consumer)
        // What was handed out before the start was known comes again, and counts then.
        if redis.isAway || !positions.unknown.isEmpty { return }
        guard try checkPositions(consumer) else { return }
        do throws(RedisError) {
            try storeFreshness(consumer)
            try sweepIndexes()
        } catch {
            return try failed(error)
        }
        let offsets = uncommitted
        try consumer.commit(offsets, wait: nil)
        committed.merge(offsets) { $1 }
    }

    private func sweepIndexes() throws(RedisError) {
        do throws(RedisError) {
            let gone = try sweep.turn(of: coins, through: writer)
            if gone > 0 { logger.debug("\(gone) coins without a price are taken out of the sorted sets") }
        } catch {
            // It was said when the index should have been written; scripts are loaded again with the next batch that needs
            // some.
            guard error.kind == .keyInTheWay else { throw error }
        }
    }

    private func measureLag(_ consumer: any GroupMember) {
        for (partition, position) in consumer.positions {
            if redis.isAway {
                // What is paused isn't fetched, so its end is asked for; a broker that is away is not asked again.
                let end = try? consumer.watermarkOffsets(of: partition, timeout: Self.lookAhead).upperBound
                guard let end else { return }
                metrics.lag(of: partition).set(Int(max(0, end - (acknowledged[partition] ?? position))))
            } else {
                let lag = consumer.lag(of: partition)
                if let lag { metrics.lag(of: partition).set(Int(lag)) }
                freshness.measure(partition, lag: lag, end: consumer.end(of: partition))
            }
        }
    }

    /// Writes the entries that changed into the hash `freshness`; once after an assignment it reads them back before.
    private func storeFreshness(_ consumer: any GroupMember) throws(RedisError) {
        do throws(RedisError) {
            let unrestored = freshness.unrestored
            if !unrestored.isEmpty {
                let stored = try freshnessStore.load(unrestored, through: writer)
                freshness.restore(stored, positions: consumer.positions)
            }
            let entries = freshness.due(at: clocks.now)
            if entries.isEmpty { return }
            try freshnessStore.save(entries, through: writer)
            freshness.wrote(entries)
        } catch {
            guard error.kind == .keyInTheWay else { throw error }
            // It goes on without: there is nothing to restore.
            freshness.restore([:], positions: consumer.positions)
            metrics.keysInTheWay.increment()
            left(out: settings.keys.freshness)
        }
        redis.answered(at: clocks.instant())
    }

    /// What is read again was committed before.
    private var uncommitted: [TopicPartition: Int64] {
        acknowledged.filter { place, next in
            let position = positions[place]
            return committed[place] != next && position?.isReadAgain != true && position?.isKnown != false
        }
    }
}

extension CacherTask: RebalanceHandler {
    /// Starts at the group's committed offsets; without one at the earliest record. Where Redis has less, that is seen
    /// before anything is read, see ``findPositions(_:)``.
    func assigned(_ partitions: [TopicPartition], of consumer: any GroupMember) throws -> [TopicPartition: Int64] {
        // Partitions that are added come with a rebalance. Without an answer the count is what it was.
        let count = try? consumer.partitionCount(of: settings.kafka.name(.raw), timeout: .seconds(5))
        decoder.rawPartitionCount = count ?? decoder.rawPartitionCount
        acknowledged = [:]
        committed = [:]
        found = try consumer.committed(partitions)
        positions.assign(partitions)
        freshness.assign(partitions)
        // What is read before the stored entries are is remembered record by record: so they are read soon.
        nextReport = clocks.instant()
        readiness.set("partitions", .ok)
        logger.info("assigned \(partitions.sorted().map(\.description).joined(separator: ", "))")
        let isOurs = !positions.partitions.isEmpty
        readiness.set("cache", isOurs ? .failing("Redis isn't asked yet how far it has the partitions") : .ok)
        return found
    }

    /// Stores how fresh Redis is, and commits what it has acknowledged.
    func revoked(_ partitions: [TopicPartition], of consumer: any GroupMember) {
        do {
            if !redis.isAway, positions.unknown.isEmpty, try settleForGood() {
                try storeFreshness(consumer)
                try consumer.commit(uncommitted, wait: .seconds(5))
            } else if !uncommitted.isEmpty {
                throw RedisError(.unavailable, "Redis is away")
            }
        } catch {
            logger.warning("the last offsets are not committed, their records will be written again: \(error)")
        }
        forget(partitions)
    }

    /// Commits nothing.
    func lost(_ partitions: [TopicPartition]) {
        forget(partitions)
    }

    private func forget(_ partitions: [TopicPartition]) {
        // What is still in the batch the next owner reads again, be it this one: kept, a batch that waits for Redis would
        // grow with every rebalance.
        if isInFlight { _ = try? writer.finish(sent) }
        dropHand()
        coins.open.removeAll()
        writer.release()
        // Their lag is the next owner's to report.
        for partition in partitions { metrics.lag(of: partition).remove() }
        acknowledged = [:]
        committed = [:]
        positions.assign([])
        freshness.assign([])
        readiness.set("partitions", .failing("the group assigns the partitions anew"))
    }
}
