/// The keys that a type's JSON object has, in the order in which it is written, and which of them must be there.
struct JSONFields<Field: RawRepresentable<String> & CaseIterable & Sendable>: Sendable {
    private let cases: [Field]
    private let names: [String]
    private let patterns: [JSONKeyPattern]
    /// A bit for each field that must be there, the first field's lowest.
    private let required: UInt32

    /// Makes the table; at most 32 keys.
    init(required: [Field]) {
        cases = Array(Field.allCases)
        let names = cases.map(\.rawValue)
        self.names = names
        patterns = names.map { JSONKeyPattern(key: $0) }
        self.required = required.reduce(0) { bits, field in
            names.firstIndex(of: field.rawValue).map { bits | 1 << UInt32($0) } ?? bits
        }
    }

    /// Reads a record that is one object and nothing else.
    ///
    /// Unknown fields are ignored. Of equal keys the first one counts, as in Foundation's JSONDecoder.
    /// - Parameter read: takes the value of a field from the scanner.
    /// - Throws: ``JSONError``, also when a required field isn't there or the record is longer than ``RecordLimit/value``.
    @inline(__always)
    func readObject(
        _ record: Span<UInt8>,
        _ read: (Field, inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard record.count <= RecordLimit.value else { throw JSONError(.tooLong(limit: RecordLimit.value), at: 0) }
        var scanner = JSONScanner(record)
        var met: UInt32 = 0
        var next = 0
        try scanner.beginObject()
        while true {
            // Optional fields may be left out, so the ones behind the expected one are tried too.
            var index = next
            while index < patterns.count, !scanner.passKey(patterns[index]) { index &+= 1 }
            if index == patterns.count {
                guard let key = try scanner.nextKey() else { break }
                index = self.index(of: key, in: record, from: next)
            }
            let bit: UInt32 = 1 << UInt32(truncatingIfNeeded: index)
            guard index < cases.count, met & bit == 0 else {
                try scanner.skipValue()
                continue
            }
            met |= bit
            next = index &+ 1
            do throws(JSONError) {
                try read(cases[index], &scanner)
            } catch {
                throw JSONError(error.kind, at: error.position, field: names[index])
            }
        }
        try scanner.end()
        let missing = required & ~met
        guard missing == 0 else {
            throw JSONError(.missingField(names[missing.trailingZeroBitCount]), at: scanner.position)
        }
    }

    /// The number of the field with that key, looked for from the field behind the last one on; the number of fields
    /// when there is none.
    @inline(never)
    private func index(of key: JSONText, in record: Span<UInt8>, from next: Int) -> Int {
        key.withUTF8(in: record) { key in
            for offset in next..<(next &+ names.count) {
                let index = offset < names.count ? offset : offset &- names.count
                if names[index].utf8.count == key.count, ByteSequence.equal(names[index].utf8.span, key) {
                    return index
                }
            }
            return names.count
        }
    }
}
