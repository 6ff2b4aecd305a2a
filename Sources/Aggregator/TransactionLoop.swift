import Logging
import Shared

/// What the Aggregator's thread does all day: one transaction after the other, until a stop.
struct TransactionLoop {
    private let settings: AggregatorSettings
    private let readiness: Readiness
    private let logger: Logger
    private let clocks: Clocks
    /// A turn hands out at most this many records, so that the clocks are read often enough.
    private static let batch = 1_000

    /// A loop that has not begun.
    /// - Parameter readiness: gets the conditions `partitions` and `clock`, and the beats.
    init(settings: AggregatorSettings, readiness: Readiness, logger: Logger, clocks: Clocks = .system) {
        self.settings = settings
        self.readiness = readiness
        self.logger = logger
        self.clocks = clocks
    }

    /// Works until a stop, commits what is in hand and leaves the group.
    /// - Throws: what ended it; then nothing in hand was committed.
    func run(until stop: StopSignal, consumer: any GroupMember, tasks: PartitionTasks) throws {
        do {
            try work(until: stop, consumer, tasks)
        } catch {
            // Nothing that failed may be committed on the way out.
            consumer.close(abandon: true)
            throw error
        }
        consumer.close(abandon: false)
        if let failure = tasks.failure { throw failure }
    }

    private func work(until stop: StopSignal, _ consumer: any GroupMember, _ tasks: PartitionTasks) throws {
        var nextHousekeeping = clocks.instant()
        while !stop.isRequested {
            readiness.heartbeat.beat()
            do {
                let now = clocks.instant()
                if now >= nextHousekeeping {
                    nextHousekeeping = now.advanced(by: .milliseconds(500))
                    try housekeep(consumer: consumer, tasks: tasks)
                }
                try turn(until: stop, consumer: consumer, tasks: tasks)
            } catch let error as KafkaError
                where (error.requiresAbort && !error.isFatal && !error.isFenced) || error.isOffsetOutOfRange
            {
                // A restore also says what a position is that the broker no longer has, and what can be done.
                logger.warning("the transaction is aborted and its input read again: \(error)")
                try consumer.seek(to: try tasks.startAgain(consumer))
            }
        }
        try tasks.commit(of: consumer)
    }

    /// One transaction and what goes into it; a stop ends it early.
    private func turn(until stop: StopSignal, consumer: any GroupMember, tasks: PartitionTasks) throws {
        let limits = settings.transactionLimits
        var count = 0
        var began = clocks.instant()
        var advanced = began
        var news: ContinuousClock.Instant?
        func progress() -> TransactionLimits.Progress {
            let now = clocks.instant()
            return .init(count: count, spent: began.duration(to: now), sinceNews: news?.duration(to: now))
        }
        repeat {
            let clock = clocks.reading()
            let room = min(Self.batch, limits.records - count)
            let polled = try consumer.poll(max: room, timeout: limits.wait(progress())) { record in
                while try !tasks.take(record, clock: clock) { try commitPart(consumer, tasks) }
            }
            if let failure = tasks.failure { throw failure }
            if count == 0 { began = clocks.instant() }
            count += polled
            if advanced.duration(to: clocks.instant()) >= TransactionLimits.longestWait {
                try advance(consumer, tasks)
                advanced = clocks.instant()
            }
            if news == nil, tasks.haveNews { news = clocks.instant() }
        } while !stop.isRequested && limits.goesOn(progress(), isBehind: { tasks.isBehind(consumer) })
        tasks.publishCounts()
        try advance(consumer, tasks)
        try tasks.commit(of: consumer)
    }

    /// Lets the watermarks of quiet partitions follow the clock.
    private func advance(_ consumer: any GroupMember, _ tasks: PartitionTasks) throws {
        let clock = clocks.reading()
        while try !tasks.advance(to: clock, of: consumer) { try commitPart(consumer, tasks) }
    }

    /// Ends a transaction in the middle of a batch, or of a close: it holds enough.
    private func commitPart(_ consumer: any GroupMember, _ tasks: PartitionTasks) throws {
        readiness.heartbeat.beat()
        try tasks.commit(of: consumer)
    }

    private func housekeep(consumer: any GroupMember, tasks: PartitionTasks) throws {
        readiness.set("partitions", tasks.wasAssigned ? .ok : .failing("the group has assigned none yet"))
        let clock = tasks.checkClock()
        readiness.set("clock", clock == .plausible ? .ok : .failing(clock.description))
        try tasks.followRules()
        tasks.publish(clock: clocks.reading(), of: consumer)
    }
}
