import Logging
import Shared

/// Ticks of a file, at the pace of their event times.
struct ReplaySource: TickSource {
    /// The most ticks of one batch.
    static let batchLimit = 500
    /// How often the log says how far it is.
    static let reportInterval: Duration = .seconds(10)

    private let path: String
    private let badLines: ReplayBadLines
    private let metrics: IngestorMetrics
    private let log = Logger(label: "replay")
    private let reader: RecordReader
    private var decoder: ReplayDecoder
    private var pace: ReplayPace
    /// A tick that is not due yet.
    private var pending: PriceTick?
    /// The place behind the last record that was handed out.
    private var handedOut: RecordReader.Position
    private var good = 0
    private var bad = 0
    private var reported: Duration?

    /// Opens the file and reads its header line, if it is CSV.
    /// - Throws: ``ReplayError`` when it cannot be read or its header cannot be used.
    init(settings: IngestorSettings, metrics: IngestorMetrics) throws(ReplayError) {
        path = settings.replayFile
        badLines = settings.replayBadLines
        self.metrics = metrics
        let format = try ReplayFormat.of(path: path, setting: settings.replayFormat)
        let reader = try RecordReader(path: path, quoted: format == .csv)
        var columns: ReplayColumns?
        if format == .csv {
            guard let header = try reader.next() else {
                throw ReplayError("\(path) is empty; its first line must be a header")
            }
            columns = try reader.withBytes(of: header) { bytes throws(ReplayError) in
                try ReplayColumns(header: bytes)
            }
        }
        log.info("replay of \(path) (\(format.rawValue), \(reader.size) bytes) at \(settings.replaySpeed)")
        handedOut = reader.position
        self.reader = reader
        decoder = ReplayDecoder(columns: columns, vsCurrency: settings.vsCurrencies.first ?? "usd")
        pace = ReplayPace(speed: settings.replaySpeed)
    }

    mutating func next(into batch: inout TickBatch, clock: () -> ClockReading) throws -> SourceStep {
        let now = clock()
        report(at: now.uptime)
        while batch.count < Self.batchLimit {
            guard let tick = try pending ?? nextTick(at: now.wall) else {
                handedOut = reader.position
                return try finish()
            }
            let wait = pace.wait(for: tick.timestamp, at: now.uptime)
            if wait > .zero {
                pending = tick
                return .wait(wait)
            }
            pending = nil
            var due = tick
            due.ingestedAt = now.wall
            if batch.append(due) {
                good += 1
            } else {
                try reject(line: reader.position.lines, "longer than \(TickBatch.longestValue) bytes as JSON")
            }
            handedOut = reader.position
        }
        return .more
    }

    var missed: Missed { Missed(unit: .ticks) }

    /// The tick of the next good record; `nil` at the end of the file.
    private mutating func nextTick(at wall: EventTime) throws(ReplayError) -> PriceTick? {
        while let record = try reader.next() {
            if record.isTooLong {
                try reject(line: record.line, "longer than \(RecordReader.longest) bytes")
                continue
            }
            do {
                return try reader.withBytes(of: record) { bytes throws(ReplayDecoder.Failure) in
                    try decoder.tick(bytes, ingestedAt: wall)
                }
            } catch {
                try reject(line: record.line, error.description)
            }
        }
        return nil
    }

    private mutating func reject(line: Int, _ reason: String) throws(ReplayError) {
        bad += 1
        metrics.skipped(.malformed)?.increment()
        if badLines == .stop {
            throw ReplayError("\(path) line \(line): \(reason) (INGESTOR_REPLAY_BAD_LINES=skip passes over such lines)")
        }
        // The first ones one by one, then ever fewer: a file in the wrong format must not fill the disk with its log.
        if bad <= 10 || bad % 1_000 == 0 {
            log.warning("\(path) line \(line) makes no tick: \(reason)", metadata: ["bad_lines": "\(bad)"])
        }
    }

    private mutating func report(at uptime: Duration) {
        let progress = reader.size == 0 ? 1 : Double(handedOut.offset) / Double(reader.size)
        metrics.replayProgress.set(progress)
        guard let last = reported else {
            reported = uptime
            return
        }
        if uptime - last >= Self.reportInterval {
            reported = uptime
            log.info("replay: \(Int(progress * 100)) %, \(good) ticks, \(bad) bad lines, line \(handedOut.lines)")
        }
    }

    private func finish() throws(ReplayError) -> SourceStep {
        if good == 0, bad > 0 {
            throw ReplayError("\(path) has no line that makes a tick; \(bad) are bad")
        }
        metrics.replayProgress.set(1.0)
        log.info("replay of \(path) is done: \(good) ticks, \(bad) bad lines")
        return .finished
    }
}
