/// A part of a batch that goes into the database in one transaction: some of its rows, and the offsets they cover.
struct BatchPart: Sendable, Equatable {
    /// The rows, by their index in the batch.
    let rows: Range<Int>
    /// From the position that the database must be at, to the position after the part. Rows, unusable records and
    /// descriptions with such an offset belong to it.
    let offsets: Range<Int64>
}
