/// Rows in the binary COPY format, one after another in one array that grows and is used again.
///
/// Nothing is allocated per row: a row says how much room it needs at most, then writes itself in place.
struct CopyBuffer: Sendable {
    /// The bytes in use, followed by spare room.
    private var storage: [UInt8] = []
    /// How many bytes are in use.
    private(set) var count = 0

    /// Appends one row.
    /// - Parameters:
    ///   - room: How many bytes the row takes at most.
    ///   - body: Writes it.
    mutating func appendRow(room: Int, _ body: (inout CopyRow) -> Void) {
        if storage.count - count < room {
            let grown = max(storage.count * 2, count + room, 64 * 1024)
            storage.append(contentsOf: repeatElement(0, count: grown - storage.count))
        }
        count += storage.withUnsafeMutableBytes { bytes in
            var row = CopyRow(UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            body(&row)
            return row.count
        }
    }

    /// Empties it and keeps its room.
    mutating func removeAll() {
        count = 0
    }

    /// Reads some of the bytes; the pointer is good within the closure only.
    func withBytes<Failure: Error>(
        _ range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try storage.withUnsafeBytes { bytes in
            Result { () throws(Failure) in try body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
        }.get()
    }
}
