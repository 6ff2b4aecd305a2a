/// How a file is packed, by its first bytes.
enum Packing: Sendable, Hashable {
    /// Not at all.
    case none
    /// gzip (RFC 1952), of one member or several.
    case gzip
    /// Zstandard (RFC 8878), of one frame or several.
    case zstd

    /// How many bytes ``init(firstBytes:)`` looks at.
    static let lookedAt = 6

    /// Looks at the first bytes of a file.
    /// - Throws: ``ReplayError`` when they are those of a format that isn't read; it says what to do.
    init(firstBytes bytes: [UInt8]) throws(ReplayError) {
        let refused: [(magic: [UInt8], what: String)] = [
            (
                [0x50, 0x4B, 0x03, 0x04],
                "a zip archive: `unzip -p file.zip | gzip >file.csv.gz` unpacks its one member"
            ),
            ([0x50, 0x41, 0x52, 0x31], "Parquet, which isn't read: DuckDB, for example, makes CSV of it"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "packed with xz: unpack it, or pack it with gzip or zstd"),
            ([0x42, 0x5A, 0x68], "packed with bzip2: unpack it, or pack it with gzip or zstd"),
        ]
        if let (_, what) = refused.first(where: { bytes.starts(with: $0.magic) }) {
            throw ReplayError("the replay file is \(what)")
        }
        self =
            if bytes.starts(with: [0x1F, 0x8B]) {
                .gzip
            } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
                .zstd
            } else {
                .none
            }
    }
}
