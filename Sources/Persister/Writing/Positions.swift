import Shared

/// The Persister's rows of `processing_metadata`: how far each partition has been dealt with.
struct Positions {
    /// The name that the rows are kept under.
    static let service = "persister"

    let connection: any DatabaseConnection

    /// The position of a partition, or nil if it has none yet.
    func read(_ partition: TopicPartition) throws(PostgresError) -> Int64? {
        let rows = try connection.query(
            "SELECT next_offset FROM processing_metadata WHERE service = $1 AND topic = $2 AND partition = $3",
            [Self.service, partition.topic, "\(partition.partition)"]
        )
        return rows.first?.first.flatMap { $0 }.flatMap { Int64($0) }
    }

    /// Gives a partition its first position, unless it has one.
    func start(_ partition: TopicPartition, at offset: Int64) throws(PostgresError) {
        try connection.execute(
            """
            INSERT INTO processing_metadata (service, topic, partition, next_offset, rows_written, updated_at)
            VALUES ($1, $2, $3, $4, 0, clock_timestamp()) ON CONFLICT DO NOTHING
            """,
            [Self.service, partition.topic, "\(partition.partition)", "\(offset)"]
        )
    }

    /// Moves the position of a partition, if it is still where it was found: for a person's decision about a gap.
    /// - Returns: whether it moved; if not, somebody else has written to this partition.
    func replace(_ position: Int64, of partition: TopicPartition, by offset: Int64) throws(PostgresError) -> Bool {
        let moved = try connection.execute(
            """
            UPDATE processing_metadata SET next_offset = $5, updated_at = clock_timestamp()
            WHERE service = $1 AND topic = $2 AND partition = $3 AND next_offset = $4
            """,
            [Self.service, partition.topic, "\(partition.partition)", "\(position)", "\(offset)"]
        )
        return moved == 1
    }

    /// Moves the position from the start of a part to its end, if it is still at its start. The watermark of the batch
    /// counts with its last part.
    /// - Parameter rows: How many rows were inserted or replaced.
    /// - Returns: whether it moved; if not, somebody else has written to this partition.
    func advance(over part: BatchPart, of batch: Batch, rows: Int) throws(PostgresError) -> Bool {
        let isLast = part.offsets.upperBound == batch.nextOffset
        let moved = try connection.execute(
            """
            UPDATE processing_metadata SET
                next_offset = $5,
                event_time_watermark = greatest(
                    event_time_watermark, timestamptz 'epoch' + $6::bigint * interval '1 microsecond'),
                rows_written = rows_written + $7,
                updated_at = clock_timestamp()
            WHERE service = $1 AND topic = $2 AND partition = $3 AND next_offset = $4
            """,
            [
                Self.service, batch.source.topic, "\(batch.source.partition)", "\(part.offsets.lowerBound)",
                "\(part.offsets.upperBound)", isLast ? batch.watermark.map { "\($0.microseconds)" } : nil, "\(rows)",
            ]
        )
        return moved == 1
    }
}
