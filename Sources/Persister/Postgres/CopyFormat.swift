/// PostgreSQL's binary COPY format, as far as it doesn't depend on the table.
///
/// A header; for each row an Int16 count of fields and for each field an Int32 length (-1 is NULL) and its bytes, all
/// big-endian; a trailer. (PostgreSQL manual, COPY, "Binary Format".)
enum CopyFormat {
    /// Signature, flags, length of the extension.
    static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
    /// A field count of -1.
    static let trailer: [UInt8] = [0xFF, 0xFF]
    /// 2000-01-01T00:00:00Z in microseconds since the Unix epoch: PostgreSQL counts from there.
    static let epochMicroseconds: Int64 = 946_684_800_000_000
}
