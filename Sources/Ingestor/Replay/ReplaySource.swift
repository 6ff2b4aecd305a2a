import Logging
import Shared

/// Ticks of a file, at the pace of their event times.
struct ReplaySource {
    /// The most ticks of one batch, and so of one transaction.
    static let batchLimit = 20_000
    /// The most bytes of a batch at which it still grows; the last tick of it may be ``TickBatch/longestValue`` long.
    static let batchBytes = 8 << 20
    /// The most lines of one turn, so that lines that make no ticks hold nothing up.
    static let lineLimit = 50_000

    /// What the file is.
    let layout: ReplayLayout
    /// How many lines of this process made no tick.
    private(set) var bad = 0
    /// How many ticks this process handed out.
    private(set) var good = 0
    /// The place behind the last record that was handed out.
    private(set) var handedOut: RecordPosition

    private let path: String
    private let badLines: ReplayBadLines
    private let metrics: IngestorMetrics
    private let log = Logger(label: "replay")
    private var reader: any RecordSource
    private var decoder: ReplayDecoder
    private var pace: ReplayPace
    /// How many ticks processes before this one handed out.
    private var earlier = 0
    /// A tick that is not due yet.
    private var pending: PriceTick?

    /// Opens the file and finds out what it is.
    /// - Parameters:
    ///   - table: which product is which coin.
    ///   - currency: of lines that don't name one, when nothing else does.
    /// - Throws: ``ReplayError`` when it cannot be read or its header cannot be used.
    init(
        settings: ReplaySettings,
        table: ProductTable,
        currency: String,
        metrics: IngestorMetrics
    ) throws(ReplayError) {
        path = settings.file
        badLines = settings.badLines
        self.metrics = metrics
        layout = try ReplayLayout(settings: settings, table: table, currency: currency)
        handedOut = layout.first
        reader = try Self.reader(of: path, layout, at: nil) {}
        if layout.isNewestFirst { handedOut = reader.position }
        decoder = ReplayDecoder(columns: layout.columns, coin: layout.coin)
        pace = ReplayPace(speed: settings.speed)
        let coin = layout.coin.id.map { ", \($0) in \(layout.coin.vsCurrency)" } ?? ""
        let order = layout.isNewestFirst ? ", newest line first" : ""
        let what = "\(layout.format.rawValue), \(reader.size) bytes\(coin)\(order)"
        log.info("replay of \(path) (\(what)) at \(settings.speed)")
    }

    /// How much of the file was read, from 0 to 1.
    var progress: Double { reader.progress }

    /// Whether a batch is to be sent before it grows further.
    static func isFull(_ batch: borrowing TickBatch) -> Bool {
        batch.count >= batchLimit || batch.size >= batchBytes
    }

    /// Moves to where a process before stood.
    /// - Parameters:
    ///   - position: the place.
    ///   - ticks: how many it had sent by then.
    ///   - whileReading: called now and then; what it throws ends the way there.
    /// - Throws: ``ReplayError`` when the file can't be read up to there.
    mutating func go(
        to position: RecordPosition,
        behind ticks: Int,
        whileReading: () throws(ReplayError) -> Void
    ) throws(ReplayError) {
        earlier = ticks
        reader = try Self.reader(of: path, layout, at: position, whileReading: whileReading)
        handedOut = position
    }

    /// Appends the ticks that are due now, until the batch is full.
    /// - Returns: when to ask again.
    /// - Throws: ``ReplayError``; what is in the batch is good all the same.
    mutating func next(into batch: inout TickBatch, clock: () -> ClockReading) throws(ReplayError) -> SourceStep {
        let now = clock()
        let firstLine = reader.position.lines
        while !Self.isFull(batch) {
            guard reader.position.lines - firstLine < Self.lineLimit else { return .more }
            if pending == nil { pending = try nextTick(at: now.wall) }
            guard let tick = pending else {
                handedOut = reader.position
                return try finish()
            }
            let wait = pace.wait(for: tick.timestamp, at: now.uptime)
            if wait > .zero { return .wait(wait) }
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
        let place = layout.isNewestFirst ? "line \(line) from its end" : "line \(line)"
        if badLines == .stop {
            throw ReplayError("\(path) \(place): \(reason) (INGESTOR_REPLAY_BAD_LINES=skip passes over such lines)")
        }
        // The first ones one by one, then ever fewer: a file in the wrong format must not fill the disk with its log.
        if bad <= 10 || bad % 1_000 == 0 {
            log.warning("\(path) \(place) yields no tick: \(reason)", metadata: ["bad_lines": "\(bad)"])
        }
    }

    private func finish() throws(ReplayError) -> SourceStep {
        if earlier + good == 0, bad > 0 {
            throw ReplayError("\(path) has no line that makes a tick; \(bad) are bad")
        }
        return .finished
    }

    private static func reader(
        of path: String,
        _ layout: ReplayLayout,
        at position: RecordPosition?,
        whileReading: () throws(ReplayError) -> Void
    ) throws(ReplayError) -> any RecordSource {
        if layout.isNewestFirst {
            return try BackwardReader(path: path, first: layout.first.offset, position: position)
        }
        let quoted = layout.format != .ndjson
        let place = position ?? layout.first
        if place == RecordPosition() { return try RecordReader(path: path, quoted: quoted) }
        return try RecordReader(path: path, quoted: quoted, at: place, whileReading: whileReading)
    }
}
