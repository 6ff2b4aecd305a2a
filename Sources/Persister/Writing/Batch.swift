import Shared

/// Records of one partition that go into one table, each once: from the position in the database to the next.
struct Batch: Sendable {
    /// Where one row's record and encoding lie.
    private struct Entry {
        let offset: Int64
        let rowStart: Int
        let recordStart: Int
        /// -1 when the record has no key.
        let keyCount: Int
        let valueCount: Int
    }

    /// What a description takes in memory, roughly.
    private static let bytesPerCoin = 256

    /// Where the records come from.
    let source: TopicPartition
    /// Where they go.
    let table: SinkTable
    /// The position that the database must be at for the batch to be written.
    let firstOffset: Int64
    /// The position after it.
    private(set) var nextOffset: Int64
    /// The largest event time of its rows.
    private(set) var watermark: EventTime?
    /// When the Ingestor received the tick of it that has waited longest.
    private(set) var oldestIngested: EventTime?
    /// What its ticks say about their coins that the database may not know yet.
    private(set) var coins: [CoinDescription] = []
    /// Records that can't be used, in the order of their offsets.
    private(set) var unusable: [DeadLetter] = []
    /// The bytes of those, and of ``requeued``.
    private var unusableBytes = 0
    /// What ``coins`` says.
    private var described = CoinDirectory()
    private var rows = CopyBuffer()
    private var entries: [Entry] = []
    /// Keys and values as received, for the dead letters of rows that the server refuses.
    private var records: [UInt8] = []
    /// Headers of rows whose records were put back, by their offsets: a dead letter says how often that was, and there is none
    /// of those that were put back for others. The headers of other rows aren't kept, for the sake of memory.
    private var requeued: [Int64: (headers: [KafkaHeader], isForOthers: Bool)] = [:]
    private var days = DayLimit()
    /// The rows, other than the first, with which a new part begins.
    private var cuts: [Int] = []

    /// An empty batch that starts at a position.
    init(source: TopicPartition, table: SinkTable, firstOffset: Int64) {
        self.source = source
        self.table = table
        self.firstOffset = firstOffset
        self.nextOffset = firstOffset
    }

    /// How many rows it holds.
    var rowCount: Int { entries.count }
    /// How many records it holds: rows, and those that can't be used.
    var recordCount: Int { entries.count + unusable.count }
    /// How many bytes it holds: encoded rows, the records they come from, and those that can't be used.
    var byteCount: Int {
        rows.count + records.count + unusableBytes + entries.count * MemoryLayout<Entry>.stride
            + coins.count * Self.bytesPerCoin
    }

    // MARK: - Records in

    /// Takes a record: decodes it and encodes its row, or keeps it as a dead letter.
    /// - Parameters:
    ///   - offset: Its offset, not below ``nextOffset``.
    ///   - key: Its key.
    ///   - value: Its value.
    ///   - recordTime: When it was written.
    ///   - headers: Its headers; asked for only when it becomes a dead letter, or was put back.
    ///   - requeuedFor: The services it was put back for. If others couldn't use it, it is no dead letter here again.
    ///   - rules: What it must keep to.
    ///   - directory: What the database knows about coins.
    mutating func append(
        offset: Int64,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        recordTime: EventTime? = nil,
        headers: @autoclosure () -> [KafkaHeader] = [],
        requeuedFor: [String]? = nil,
        rules: RecordRules,
        directory: CoinDirectory
    ) {
        precondition(offset >= nextOffset, "a record is handed out twice")
        nextOffset = offset + 1
        let isForOthers = requeuedFor?.contains(Positions.service) == false
        func refuse(_ error: String) {
            if isForOthers { return }
            let letter = DeadLetter(
                source: source,
                offset: offset,
                key: key,
                value: value,
                headers: headers(),
                service: Positions.service,
                error: error
            )
            unusable.append(letter)
            unusableBytes += letter.byteCount
        }
        let rowStart = rows.count
        // Among the rules a tombstone says something, the same as an empty value.
        let tombstone = table == .alertRules ? UnsafeBufferPointer<UInt8>(start: nil, count: 0) : nil
        guard let value = value ?? tombstone else { return refuse("the record has no value") }
        do throws(JSONError) {
            let time = try appendRow(
                of: value.span,
                key: key,
                offset: offset,
                recordTime: recordTime,
                rules: rules,
                directory: directory
            )
            watermark = watermark.map { max($0, time) } ?? time
            if rows.count > rowStart, days.cuts(before: time) { cuts.append(entries.count) }
        } catch {
            return refuse(error.description)
        }
        guard rows.count > rowStart else { return }
        let entry = Entry(
            offset: offset,
            rowStart: rowStart,
            recordStart: records.count,
            keyCount: key?.count ?? -1,
            valueCount: value.count
        )
        entries.append(entry)
        if requeuedFor != nil {
            let headers = headers()
            requeued[offset] = (headers, isForOthers)
            unusableBytes += headers.reduce(64) { $0 + $1.byteCount }
        }
        if let key { records.append(contentsOf: key) }
        records.append(contentsOf: value)
    }

    /// - Returns: the event time of the row.
    private mutating func appendRow(
        of value: Span<UInt8>,
        key: UnsafeBufferPointer<UInt8>?,
        offset: Int64,
        recordTime: EventTime?,
        rules: RecordRules,
        directory: CoinDirectory
    ) throws(JSONError) -> EventTime {
        switch table {
        case .rawPriceData:
            let tick = try ScannedTick(json: value)
            try Self.check(rules.fault(of: tick.timestamp), value)
            if let count = rules.partitionCount {
                let fault = tick.coinID.withUTF8(in: value) {
                    Partitioner.fault(key: key, coinID: $0, partition: source.partition, partitionCount: count)
                }
                try Self.check(fault, value)
            }
            try TickRow.append(tick, in: value, recordTime: recordTime, to: &rows)
            let ingested = tick.ingestedAt(orRecordTime: recordTime)
            oldestIngested = oldestIngested.map { min($0, ingested) } ?? ingested
            describe(tick, in: value, offset: offset, directory: directory)
            return tick.timestamp
        case .aggregates1m, .aggregatesSliding:
            let window = try PriceAggregate(json: value)
            // Its first tick may be as late as any tick may, its end later.
            try Self.check(rules.fault(of: window.windowStart), value)
            try AggregateRow.append(window, of: table, to: &rows)
            return window.windowEnd
        case .alerts:
            let alert = try PriceAlert(json: value)
            try Self.check(rules.fault(of: alert.triggeredAt), value)
            AlertRow.append(alert, to: &rows)
            return alert.triggeredAt
        case .alertRules:
            // What is wrong with a rule stands in its row; the Aggregator makes the dead letter.
            guard let ruleID = RuleRow.ruleID(of: key) else { break }
            let content = RuleRow.content(of: value, ruleID: ruleID)
            RuleRow.append(content, ruleID: ruleID, time: recordTime, offset: offset, to: &rows)
        }
        return recordTime ?? .earliest
    }

    private static func check(_ fault: String?, _ value: Span<UInt8>) throws(JSONError) {
        if let fault { throw JSONError(.invalidValue(fault), at: value.count) }
    }

    private mutating func describe(
        _ tick: ScannedTick,
        in record: Span<UInt8>,
        offset: Int64,
        directory: CoinDirectory
    ) {
        let fact = CoinFact(tick, in: record)
        guard !directory.covers(fact), !described.covers(fact) else { return }
        described.learn(fact)
        coins.append(CoinDescription(tick, fact, in: record, offset: offset))
    }

    // MARK: - Parts out

    /// The batch as one transaction.
    var whole: BatchPart {
        BatchPart(rows: 0..<rowCount, offsets: firstOffset..<nextOffset)
    }

    /// The batch as transactions that each touch a bounded number of days; mostly that is one.
    var parts: [BatchPart] {
        zip([0] + cuts, cuts + [rowCount]).map { part($0..<$1, of: whole) }
    }

    /// A part in two halves; nil of a part that has no two rows.
    func halves(of part: BatchPart) -> [BatchPart]? {
        guard part.rows.count > 1 else { return nil }
        let middle = part.rows.lowerBound + part.rows.count / 2
        return [part.rows.lowerBound..<middle, middle..<part.rows.upperBound].map { self.part($0, of: part) }
    }

    private func part(_ rows: Range<Int>, of larger: BatchPart) -> BatchPart {
        precondition(rows.clamped(to: larger.rows) == rows, "a part lies outside its batch")
        let start =
            rows.lowerBound > larger.rows.lowerBound ? entries[rows.lowerBound].offset : larger.offsets.lowerBound
        let end = rows.upperBound < larger.rows.upperBound ? entries[rows.upperBound].offset : larger.offsets.upperBound
        return BatchPart(rows: rows, offsets: start..<end)
    }

    /// The encoding of some of its rows, for a COPY.
    func withRows<Failure: Error>(
        _ range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let end = range.upperBound < entries.count ? entries[range.upperBound].rowStart : rows.count
        let start = range.lowerBound < entries.count ? entries[range.lowerBound].rowStart : end
        try rows.withBytes(start..<end, body)
    }

    /// What the ticks of a part say about their coins.
    /// - Parameter refused: Offsets of rows that the server refused. The first tick of a coin may be among them, so then
    ///   the others are asked again.
    func coins(of part: BatchPart, without refused: Set<Int64>) -> [CoinDescription] {
        let coins = self.coins.filter { part.offsets.contains($0.offset) }
        guard coins.contains(where: { refused.contains($0.offset) }) else { return coins }
        var others = Batch(source: source, table: table, firstOffset: firstOffset)
        for entry in entries[part.rows] where !refused.contains(entry.offset) {
            let start = entry.recordStart + max(0, entry.keyCount)
            let record = records.span.extracting(start..<(start + entry.valueCount))
            guard let tick = try? ScannedTick(json: record) else { continue }
            others.describe(tick, in: record, offset: entry.offset, directory: CoinDirectory())
        }
        return others.coins
    }

    /// The offset of a row's record.
    func offset(ofRow row: Int) -> Int64 {
        entries[row].offset
    }

    /// The dead letter of a row that the server refused; nil when its record was put back for others.
    func deadLetter(row: Int, error: PostgresError) -> DeadLetter? {
        let entry = entries[row]
        let requeued = requeued[entry.offset]
        if requeued?.isForOthers == true { return nil }
        let valueStart = entry.recordStart + max(0, entry.keyCount)
        return records.withUnsafeBufferPointer { records in
            DeadLetter(
                source: source,
                offset: entry.offset,
                key: entry.keyCount < 0 ? nil : UnsafeBufferPointer(rebasing: records[entry.recordStart..<valueStart]),
                value: UnsafeBufferPointer(rebasing: records[valueStart..<(valueStart + entry.valueCount)]),
                headers: requeued?.headers ?? [],
                service: Positions.service,
                error: error.description,
                sqlState: error.sqlState.code
            )
        }
    }
}
