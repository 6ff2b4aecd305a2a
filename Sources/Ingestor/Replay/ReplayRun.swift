import Logging
import Shared

/// Replays a file into `prices.raw`: each piece of it, and how far it is then, is one Kafka transaction, so that a process that
/// was killed at any moment goes on with nothing twice and nothing missing.
final class ReplayRun {
    /// How long a tick that is due may wait for others to be sent with it.
    static let longestWait: Duration = .milliseconds(200)

    /// What `ingestor.state` says of the file.
    private struct Known {
        /// `nil` when it says nothing.
        var position: ReplayPosition?
    }

    private let settings: IngestorSettings
    private let kafka: KafkaSettings
    private let partitions: Int
    private let metrics: IngestorMetrics
    private let readiness: Readiness
    private let stop: StopSignal
    private let log = Logger(label: "replay")
    private var source: ReplaySource
    private var meter: ProgressMeter
    private var name = ""
    private var transactions: TickTransactions?
    /// Ticks of the file that are in the topic, those of processes before this one too.
    private var ticks = 0
    private var newest: EventTime?

    /// Opens the file.
    /// - Parameters:
    ///   - settings: the Ingestor's.
    ///   - table: which product is which coin.
    ///   - kafka: where the topics are.
    ///   - partitions: of `ingestor.state`.
    ///   - metrics: what to count.
    ///   - readiness: its conditions `kafka` and `source` are kept.
    ///   - meter: shows how far it is.
    ///   - stop: ends it between two pieces.
    /// - Throws: ``ReplayError`` when the file can't be used.
    init(
        settings: IngestorSettings,
        table: ProductTable,
        kafka: KafkaSettings,
        partitions: Int,
        metrics: IngestorMetrics,
        readiness: Readiness,
        meter: ProgressMeter,
        stop: StopSignal
    ) throws(ReplayError) {
        self.settings = settings
        self.kafka = kafka
        self.partitions = partitions
        self.metrics = metrics
        self.readiness = readiness
        self.meter = meter
        self.stop = stop
        source = try ReplaySource(
            settings: settings.replay,
            table: table,
            currency: settings.vsCurrencies.first ?? "usd",
            metrics: metrics
        )
    }

    /// Does it, until the end of the file or a stop.
    /// - Throws: a `ClassifiedError`; what is in the topic by then is not sent again.
    func run() throws {
        do {
            name = try self.source.layout.name(
                hash: FileHash.sha256(of: settings.replay.file) { () throws(ReplayError) in try look() }
            )
            // Whoever was at it before ends now, so that what is read below stays true.
            guard let known = try connect() else { return }
            if settings.replay.start == .position, let position = known.position {
                guard try resume(position) else { return }
            } else {
                // What was stored before must not be taken for what this process is about to write.
                try commit(TickBatch(), isDone: false)
            }
            readiness.set("source", .ok)
            try pump()
        } catch let error as ReplayError where error.isStop {
            log.info("the replay was stopped; start it again to resume")
        }
        meter.end()
    }

    private func pump() throws {
        var batch = TickBatch()
        let began = ContinuousClock.now
        let clock = { ClockReading(wall: .now(), uptime: began.duration(to: .now)) }
        var first: Duration?
        meter.begin(at: clock().uptime, done: source.progress)
        while true {
            readiness.heartbeat.beat()
            let step: SourceStep
            do {
                step = try source.next(into: &batch, clock: clock)
            } catch {
                // What was good before the failure is not given up with it.
                try commit(batch, isDone: false)
                throw error
            }
            let now = clock()
            show(now)
            first = batch.count > 0 ? first ?? now.uptime : nil
            let age = first.map { now.uptime - $0 } ?? .zero
            if isDue(batch, step, age) || stop.isRequested {
                try commit(batch, isDone: step == .finished)
                batch.reset()
                first = nil
            }
            if step == .finished { return finish() }
            if stop.isRequested { throw ReplayError.stopped }
            if case .wait(let wait) = step {
                let limit = first == nil ? .milliseconds(500) : max(.zero, Self.longestWait - age)
                stop.sleep(for: min(wait, limit))
            }
        }
    }

    /// Whether what is in the batch goes out now.
    private func isDue(_ batch: borrowing TickBatch, _ step: SourceStep, _ age: Duration) -> Bool {
        switch step {
        case .finished: true
        case .wait(let wait): batch.count > 0 && age + wait >= Self.longestWait
        case .more: batch.count > 0 && (ReplaySource.isFull(batch) || age >= Self.longestWait)
        }
    }

    /// Sends a piece and the position behind it, for as long as that takes.
    private func commit(_ batch: borrowing TickBatch, isDone: Bool) throws {
        let position = ReplayPosition(
            offset: Int(source.handedOut.offset),
            lines: source.handedOut.lines,
            ticks: ticks + batch.count,
            isDone: isDone
        )
        let record = StateRecord(key: .replay(name), value: position.bytes)
        metrics.produced.increment(by: batch.count)
        metrics.outstanding.set(batch.count)
        defer { metrics.outstanding.set(0) }
        var refused: [KafkaError] = []
        var hasFailed = false
        var backoff = Backoff(cap: .seconds(10))
        while true {
            do throws(KafkaError) {
                if let transactions {
                    refused = try transactions.write(batch, record)
                    break
                }
            } catch {
                try blame(error)
                hasFailed = true
                stop.sleep(for: backoff.next(random: .random(in: 0...1)))
            }
            transactions = nil
            guard let known = try connect() else { throw ReplayError.stopped }
            // Its end may have been asked for, done, and not answered.
            if hasFailed, known.position == position { break }
        }
        if hasFailed {
            readiness.set("kafka", .ok)
            log.info("Kafka accepts ticks again")
        }
        ticks = position.ticks
        newest = [newest, batch.newest].compactMap(\.self).max()
        metrics.acknowledged.increment(by: batch.count - refused.count)
        metrics.failed.increment(by: refused.count)
        if let failure = refused.first {
            log.error("\(metrics.failed.value) ticks could not be delivered so far: \(failure)")
        }
    }

    /// Connects for as long as that takes, and reads where the file is.
    /// - Returns: `nil` when a stop was requested.
    private func connect() throws -> Known? {
        var backoff = Backoff(cap: .seconds(10))
        while !stop.isRequested {
            readiness.heartbeat.beat()
            do {
                transactions = try TickTransactions(
                    kafka: kafka,
                    id: "ingestor-replay-\(name)",
                    outputPrefix: kafka.topicPrefix,
                    stop: stop
                )
                let table = try KafkaStateLog.committed(
                    kafka: kafka,
                    partitions: partitions,
                    heartbeat: readiness.heartbeat
                )
                return Known(position: table.replays[name])
            } catch let error as KafkaError {
                if stop.isRequested { return nil }
                transactions = nil
                try blame(error)
                stop.sleep(for: backoff.next(random: .random(in: 0...1)))
            }
        }
        return nil
    }

    /// Says what keeps ticks from being sent.
    /// - Throws: the error, if no other attempt heals it.
    private func blame(_ error: KafkaError) throws {
        if error.isFenced {
            throw ReplayError("another process replays the same file into the same topic; this one ends: \(error)")
        }
        if error.disposition == .fatal, !error.isClientLost { throw error }
        if error.isInterrupted { return }
        readiness.set("kafka", .failing("\(error)"))
        log.warning("Kafka accepts no ticks; the replay waits: \(error)")
    }

    /// Goes to where a process before stood.
    /// - Returns: whether there is something left.
    private func resume(_ known: ReplayPosition) throws -> Bool {
        ticks = known.ticks
        if known.isDone {
            log.info(
                "the topic already has all \(ticks) ticks of \(settings.replay.file); INGESTOR_REPLAY_FROM=beginning sends them again"
            )
            metrics.replayProgress.set(1.0)
            readiness.set("source", .ok)
            return false
        }
        log.info("resuming after line \(known.lines) and \(ticks) ticks")
        try source.go(to: RecordPosition(offset: Int64(known.offset), lines: known.lines), behind: ticks) {
            () throws(ReplayError) in try look()
        }
        return true
    }

    private func look() throws(ReplayError) {
        readiness.heartbeat.beat()
        if stop.isRequested { throw .stopped }
    }

    private func show(_ now: ClockReading) {
        metrics.replayProgress.set(source.progress)
        if let newest { metrics.lag.set(Double(now.wall.microseconds - newest.microseconds) / 1e6) }
        meter.show(
            source.progress,
            "\(ticks) ticks, \(source.bad) bad lines, line \(source.handedOut.lines)",
            at: now.uptime
        )
    }

    private func finish() {
        metrics.replayProgress.set(1.0)
        meter.end()
        log.info("replay of \(settings.replay.file) is done: \(ticks) ticks, \(source.bad) bad lines")
    }
}
