import Shared

/// How the members of a row are read: one of a type that it must not have costs the row no other.
extension PolledRow {
    /// A field that the row can do without; counted when there is a value and it can't be used.
    static func optional<Value>(
        _ scanner: inout JSONScanner,
        _ row: inout PolledRow,
        _ read: (inout JSONScanner) throws(JSONError) -> Value?
    ) throws(JSONError) -> Value? {
        let isNull = try scanner.peekKind() == .null
        let value = try read(&scanner)
        if value == nil, !isNull { row.unusableFields += 1 }
        return value
    }

    /// A number, or `nil` for null, another type, or one that a ``Price`` does not hold.
    static func price(_ scanner: inout JSONScanner) throws(JSONError) -> Price? {
        guard try scanner.peekKind() == .number else {
            try scanner.skipValue()
            return nil
        }
        do {
            return try scanner.price()
        } catch  where error.kind == .outOfRange {
            return nil
        }
    }

    /// A rank, or `nil` for null, another type, or a number that is no rank for the readers of ticks.
    static func rank(_ scanner: inout JSONScanner) throws(JSONError) -> Int? {
        guard try scanner.peekKind() == .number else {
            try scanner.skipValue()
            return nil
        }
        do {
            return Int32(exactly: try scanner.integer()).map(Int.init)
        } catch  where error.kind == .outOfRange {
            return nil
        }
    }

    /// A text, or `nil` for null or another type.
    static func text(_ scanner: inout JSONScanner) throws(JSONError) -> String? {
        guard try scanner.peekKind() == .string else {
            try scanner.skipValue()
            return nil
        }
        return try scanner.string()
    }
}
