/// A file's records one by one, with one buffer and no copy per record.
protocol RecordSource: AnyObject {
    /// The size of the file on the disk.
    var size: Int64 { get }
    /// Between which two records it stands.
    var position: RecordPosition { get }
    /// How much of the file it has read, from 0 to 1.
    var progress: Double { get }

    /// The next record that is not blank.
    /// - Returns: `nil` at the end.
    /// - Throws: ``ReplayError`` when reading fails.
    func next() throws(ReplayError) -> ReplayRecord?

    /// Calls `body` with a record's bytes; only for the record that came last.
    func withBytes<Result, Failure>(
        of record: ReplayRecord,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

/// A place in a file between two records.
struct RecordPosition: Sendable, Hashable {
    /// Bytes before it, unpacked.
    var offset: Int64 = 0
    /// Lines before it; of a file that is read from its end, lines behind it.
    var lines = 0
}

/// Where a record stands.
struct ReplayRecord {
    /// Where its bytes stand in the reader's buffer, without the line break.
    var range: Range<Int>
    /// The number of its first line, from 1; of a file that is read from its end, counted from there.
    var line: Int
    /// True when it is longer than ``RecordReader/longest`` bytes; what is there of it can't be used.
    var isTooLong: Bool
}
