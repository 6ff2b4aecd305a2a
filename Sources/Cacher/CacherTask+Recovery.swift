import Logging
import Shared

/// Where reading starts, and starts again when Redis has lost data.
extension CacherTask {
    /// Candles are refilled from so many minutes at least, so that a coin has its latest one when no history is kept.
    private static let shortestHistory = 60
    /// How long the broker may take to say what it has of partitions.
    private static let answerTime = Duration.seconds(10)

    /// Asks Redis once after an assignment how far it has the partitions, and starts from there.
    /// - Returns: false when Redis went away.
    func findPositions(_ consumer: any GroupMember) throws -> Bool {
        let unknown = positions.unknown
        if unknown.isEmpty { return true }
        let stored: [Int64?]
        do throws(RedisError) {
            stored = try writer.claim(unknown)
        } catch {
            try failed(error)
            return false
        }
        let places = unknown.map(\.place)
        let available = try consumer.watermarkOffsets(of: places, timeout: Self.answerTime)
        let missing = zip(places, stored).filter { $0.1 == nil }.map(\.0)
        let beginnings = try beginnings(of: missing, consumer)
        var starts: [TopicPartition: Int64] = [:]
        for (place, stored) in zip(places, stored) {
            let range = available[place] ?? 0..<0
            starts[place] = positions[place]?.start(
                found: stored,
                committed: found[place],
                available: range,
                beginning: beginnings[place] ?? range.lowerBound
            )
        }
        let again = places.filter { positions[$0]?.target != nil && found[$0] != nil }
        if !again.isEmpty { refill(again, of: "Redis has less than was written") }
        try start(starts, consumer)
        if positions.refilling.isEmpty { readiness.set("cache", .ok) }
        return true
    }

    /// Looks whether Redis still has what it had.
    /// - Returns: false when it went away.
    func checkPositions(_ consumer: any GroupMember) throws -> Bool {
        let steps = positions.check
        let receipt: CacheReceipt
        do throws(RedisError) {
            receipt = try writer.write(CacheBatch(coins: coins), moving: steps)
        } catch {
            try failed(error)
            return false
        }
        redis.answered(at: clocks.instant())
        let found = receipt.positions
        let (answered, answers) = receipt.isMade ? (steps, found) : Positions.lost(steps, found: found)
        try moved(answered, answers, consumer)
        return true
    }

    /// Redis answered steps: of what it has lost the partitions are read again.
    func moved(_ steps: [PositionStep], _ found: [Int64], _ consumer: any GroupMember) throws {
        for (step, found) in zip(steps, found) where found == -2 {
            metrics.keysInTheWay.increment()
            left(out: step.key)
        }
        let lost = positions.moved(steps, found: found)
        if !lost.isEmpty {
            // What it brought may be gone as well, whatever the writer knows of it.
            writer.forget()
            // What is in hand must not be heard before what is read again: Redis no longer knows that it has told newer.
            dropHand()
            let places = lost.map(\.place)
            let available = try consumer.watermarkOffsets(of: places, timeout: Self.answerTime)
            let beginnings = try beginnings(of: lost.filter { $0.found < 0 }.map(\.place), consumer)
            var starts = handStart
            for (place, found) in lost {
                let range = available[place] ?? 0..<0
                starts[place] = positions[place]?.restart(
                    found: found < 0 ? nil : found,
                    next: handStart[place] ?? 0,
                    available: range,
                    beginning: beginnings[place] ?? range.lowerBound
                )
            }
            refill(places, of: "Redis has lost data")
            try start(starts, consumer)
            // The others are looked at soon.
            nextReport = clocks.instant()
        }
        showRefill(consumer)
    }

    /// Where a Redis without data is filled from, for the partitions for which that isn't the earliest record: a price
    /// lives as long as its key would, and of candles so many are kept. When nothing is as new as that, the old is all
    /// there is.
    private func beginnings(
        of places: [TopicPartition],
        _ consumer: any GroupMember
    ) throws -> [TopicPartition: Int64] {
        let now = clocks.now.milliseconds
        let life = settings.timeToLiveMilliseconds
        let history = Int64(max(settings.keptCandles, Self.shortestHistory)) * 60_000
        let ages: [Topic: Int64] = [
            .raw: life == 0 ? now : life, .aggregates1m: history, .aggregatesSliding: history,
        ]
        var beginnings: [TopicPartition: Int64] = [:]
        for (topic, age) in ages where age < now {
            let some = places.filter { decoder.topics[$0.topic] == topic }
            beginnings.merge(try consumer.firstOffsets(of: some, since: now - age, timeout: Self.answerTime)) { $1 }
        }
        return beginnings
    }

    private func start(_ starts: [TopicPartition: Int64], _ consumer: any GroupMember) throws {
        let ours = consumer.positions
        for place in starts.keys { acknowledged[place] = nil }
        handStart.merge(starts) { $1 }
        let moves = starts.filter { ours[$0.key] != $0.value }
        if !moves.isEmpty { try consumer.seek(to: moves) }
        showRefill(consumer)
    }

    private func refill(_ places: [TopicPartition], of reason: String) {
        metrics.refills.increment(by: places.count)
        let from = places.compactMap { place in positions[place].map { "\(place)@\($0.acknowledged)" } }
        logger.warning("\(reason), it is filled again from \(from.joined(separator: ", "))")
    }

    /// Says how far a refill is; it is over when the ends are reached that the partitions had when it began.
    func showRefill(_ consumer: any GroupMember) {
        defer { writer.isFilling = !positions.refilling.isEmpty }
        let refilling = positions.refilling
        if refilling.isEmpty { return }
        var left: Int64 = 0
        for partition in refilling {
            guard let target = partition.target else { continue }
            if consumer.hasRead(partition.place, to: target), recordsInBatch == 0, recordsSent == 0 {
                positions[partition.place]?.caughtUp()
            } else {
                left += max(0, target - partition.acknowledged)
            }
        }
        if positions.refilling.isEmpty {
            // With the next look at the positions what waited for this is written.
            nextReport = clocks.instant()
            readiness.set("cache", .ok)
            logger.info("Redis has everything again that Kafka holds for it")
        } else {
            readiness.set("cache", .failing("Redis is filled from Kafka, some \(left) records are left"))
        }
    }
}
