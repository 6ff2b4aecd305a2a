import Shared

/// Records of one partition that go into one table in one transaction: from the position in the database to the next.
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

    /// Where the records come from.
    private(set) var source: TopicPartition
    /// Where they go.
    private(set) var table: SinkTable
    /// The position that the database must be at for the batch to be written.
    private(set) var firstOffset: Int64
    /// The position after it.
    private(set) var nextOffset: Int64
    /// The largest event time of its rows.
    private(set) var watermark: EventTime?
    /// What its ticks say about their coins that the database may not know yet.
    private(set) var coins: [CoinDescription] = []
    /// Records that could not be decoded, in the order of their offsets.
    private(set) var undecodable: [DeadLetter] = []
    private var rows = CopyBuffer()
    private var entries: [Entry] = []
    /// Keys and values as received, for the dead letters of rows that the server refuses.
    private var records: [UInt8] = []

    /// An empty batch that starts at a position.
    init(source: TopicPartition, table: SinkTable, firstOffset: Int64) {
        self.source = source
        self.table = table
        self.firstOffset = firstOffset
        self.nextOffset = firstOffset
    }

    /// How many rows it holds.
    var rowCount: Int { entries.count }
    /// How many bytes it holds: encoded rows and the records they come from.
    var byteCount: Int { rows.count + records.count }

    /// Takes a record: decodes it and encodes its row, or keeps it as a dead letter.
    /// - Parameters:
    ///   - offset: Its offset, not below ``nextOffset``.
    ///   - key: Its key.
    ///   - value: Its value.
    ///   - recordTime: When it was written.
    ///   - headers: Its headers; asked for only when it becomes a dead letter.
    ///   - directory: What the database knows about coins.
    mutating func append(
        offset: Int64,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        recordTime: EventTime? = nil,
        headers: @autoclosure () -> [KafkaHeader] = [],
        directory: inout CoinDirectory
    ) {
        nextOffset = offset + 1
        func refuse(_ error: String) {
            undecodable.append(
                DeadLetter(
                    source: source,
                    offset: offset,
                    key: key,
                    value: value,
                    headers: headers(),
                    service: Positions.service,
                    error: error
                )
            )
        }
        guard let value else { return refuse("the record has no value") }
        let rowStart = rows.count
        do throws(JSONError) {
            let time = try appendRow(of: value.span, offset: offset, recordTime: recordTime, directory: &directory)
            watermark = watermark.map { max($0, time) } ?? time
        } catch {
            return refuse(error.description)
        }
        let entry = Entry(
            offset: offset,
            rowStart: rowStart,
            recordStart: records.count,
            keyCount: key?.count ?? -1,
            valueCount: value.count
        )
        entries.append(entry)
        if let key { records.append(contentsOf: key) }
        records.append(contentsOf: value)
    }

    /// Empties it for another start, and keeps its room.
    mutating func restart(source: TopicPartition, table: SinkTable, firstOffset offset: Int64) {
        self.source = source
        self.table = table
        firstOffset = offset
        nextOffset = offset
        watermark = nil
        coins.removeAll(keepingCapacity: true)
        undecodable.removeAll(keepingCapacity: true)
        rows.removeAll()
        entries.removeAll(keepingCapacity: true)
        records.removeAll(keepingCapacity: true)
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

    /// The dead letter of a row that the server refused.
    func deadLetter(row: Int, error: PostgresError) -> DeadLetter {
        let entry = entries[row]
        let valueStart = entry.recordStart + max(0, entry.keyCount)
        return records.withUnsafeBufferPointer { records in
            DeadLetter(
                source: source,
                offset: entry.offset,
                key: entry.keyCount < 0 ? nil : UnsafeBufferPointer(rebasing: records[entry.recordStart..<valueStart]),
                value: UnsafeBufferPointer(rebasing: records[valueStart..<(valueStart + entry.valueCount)]),
                headers: [],
                service: Positions.service,
                error: error.description,
                sqlState: error.sqlState.code
            )
        }
    }

    /// - Returns: the event time of the row.
    private mutating func appendRow(
        of value: Span<UInt8>,
        offset: Int64,
        recordTime: EventTime?,
        directory: inout CoinDirectory
    ) throws(JSONError) -> EventTime {
        switch table {
        case .rawPriceData:
            let tick = try ScannedTick(json: value)
            try TickRow.append(tick, in: value, recordTime: recordTime, to: &rows)
            if let coin = directory.note(tick, in: value, offset: offset) { coins.append(coin) }
            return tick.timestamp
        case .aggregates1m, .aggregatesSliding:
            let window = try PriceAggregate(json: value)
            try AggregateRow.append(window, of: table, to: &rows)
            return window.windowEnd
        case .alerts:
            let alert = try PriceAlert(json: value)
            AlertRow.append(alert, to: &rows)
            return alert.triggeredAt
        }
    }
}
