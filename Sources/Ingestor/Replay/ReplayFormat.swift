/// How the ticks stand in a file.
enum ReplayFormat: String, Sendable, CaseIterable {
    /// Looks at the first byte.
    case auto
    /// One JSON object a line.
    case ndjson
    /// RFC 4180 with a header line.
    case csv

    /// The format of a file, which is not `auto`.
    /// - Throws: ``ReplayError`` when the file cannot be read.
    static func of(path: String, setting: ReplayFormat) throws(ReplayError) -> ReplayFormat {
        guard setting == .auto else { return setting }
        let reader = try RecordReader(path: path, quoted: false)
        guard let first = try reader.next() else { return .csv }
        return reader.withBytes(of: first) { bytes in
            let start = bytes.indices.first { bytes[$0] > 0x20 }
            return start.map { bytes[$0] } == UInt8(ascii: "{") ? .ndjson : .csv
        }
    }
}
