import Shared

/// What a record of `ingestor.state` says: a JSON object. Members that a reader doesn't know are passed over.
protocol StateValue: Sendable, Hashable {
    /// Reads a record's value.
    /// - Throws: ``JSONError`` when it can't be used.
    init(json: Span<UInt8>) throws(JSONError)
    /// Writes the object.
    func write(to writer: inout JSONWriter)
}

extension StateValue {
    /// The record's value.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.withUnsafeBytes { Array($0) }
    }
}
