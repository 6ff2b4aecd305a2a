/// The keys that a type's JSON object has, in the order in which it is written, and which of them must be there.
struct JSONFields<Field: RawRepresentable<String> & CaseIterable & Sendable>: Sendable {
    private let cases: [Field]
    /// All keys one behind the other.
    private let bytes: [UInt8]
    /// Where each key starts in `bytes`, and at last where they end.
    private let starts: [Int]
    /// A bit for each field that must be there, the first field's lowest.
    private let required: UInt32

    /// Makes the table; at most 32 keys.
    init(required: [Field]) {
        cases = Array(Field.allCases)
        bytes = cases.flatMap { Array($0.rawValue.utf8) }
        starts = cases.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.rawValue.utf8.count) }
        let names = required.map(\.rawValue)
        self.required = cases.indices.reduce(0) { [cases] bits, index in
            names.contains(cases[index].rawValue) ? bits | 1 << UInt32(index) : bits
        }
    }

    /// Reads a record that is one object and nothing else.
    ///
    /// Unknown fields are passed over. Of equal keys the first one counts, as in Foundation's JSONDecoder.
    /// - Parameter read: takes the value of a field from the scanner.
    /// - Throws: ``JSONError``, also when a required field isn't there.
    @inline(__always)
    func readObject(
        _ record: Span<UInt8>,
        _ read: (Field, inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) {
        var scanner = JSONScanner(record)
        var met: UInt32 = 0
        var next = 0
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            guard let index = index(of: key, in: record, from: next), met & 1 << UInt32(index) == 0 else {
                try scanner.skipValue()
                continue
            }
            met |= 1 << UInt32(index)
            next = index &+ 1
            do throws(JSONError) {
                try read(cases[index], &scanner)
            } catch {
                throw JSONError(error.kind, at: error.position, field: cases[index].rawValue)
            }
        }
        try scanner.end()
        let missing = required & ~met
        guard missing == 0 else {
            throw JSONError(.missingField(cases[missing.trailingZeroBitCount].rawValue), at: scanner.position)
        }
    }

    /// The number of the field with that key, looked for from the field behind the last one on: records that we wrote
    /// have their fields in this order.
    @inline(__always)
    private func index(of key: JSONText, in record: Span<UInt8>, from next: Int) -> Int? {
        if key.isEscaped {
            let name = key.unescaped(in: record)
            return index(of: name.span, start: 0, count: name.count, from: next)
        }
        return index(of: record, start: key.start, count: key.count, from: next)
    }

    @inline(__always)
    private func index(of record: Span<UInt8>, start: Int, count: Int, from next: Int) -> Int? {
        var index = next
        for _ in 0..<cases.count {
            if index == cases.count { index = 0 }
            let keyStart = starts[index]
            if starts[index &+ 1] &- keyStart == count,
                ByteSequence.equal(record, at: start, bytes.span, at: keyStart, count: count)
            {
                return index
            }
            index &+= 1
        }
        return nil
    }
}
