/// The fields of one CSV record (RFC 4180), split into a buffer that is used again for the next record.
struct CSVFields {
    /// Why a record cannot be split.
    enum Failure: Error, CustomStringConvertible {
        /// A quoted field does not end.
        case unterminatedQuote
        /// Something follows a closing quote, or a quote stands inside a field without quotes.
        case strayQuote

        /// What is wrong.
        var description: String {
            switch self {
            case .unterminatedQuote: "a quoted field does not end"
            case .strayQuote: "a quote stands where none belongs"
            }
        }
    }

    /// The text of all fields without quotes, one after the other.
    private(set) var text: [UInt8] = []
    private var ends: [Int] = []

    /// How many fields the record has.
    var count: Int { ends.count }

    /// The bytes of a field in ``text``.
    func range(of field: Int) -> Range<Int> {
        (field == 0 ? 0 : ends[field - 1])..<ends[field]
    }

    /// The text of a field.
    func string(_ field: Int) -> String {
        String(decoding: text[range(of: field)], as: UTF8.self)
    }

    /// Splits a record, replacing what the value held before.
    mutating func split(_ record: Span<UInt8>) throws(Failure) {
        text.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        var index = 0
        while true {
            if index < record.count, record[index] == UInt8(ascii: "\"") {
                index = try quoted(record, from: index + 1)
            } else {
                while index < record.count, record[index] != UInt8(ascii: ",") {
                    if record[index] == UInt8(ascii: "\"") { throw .strayQuote }
                    text.append(record[index])
                    index += 1
                }
            }
            ends.append(text.count)
            if index == record.count { return }
            if record[index] != UInt8(ascii: ",") { throw .strayQuote }
            index += 1
        }
    }

    /// Takes a quoted field over, with two quotes for one.
    /// - Returns: the index after the closing quote.
    private mutating func quoted(_ record: Span<UInt8>, from start: Int) throws(Failure) -> Int {
        var index = start
        while index < record.count {
            let byte = record[index]
            index += 1
            if byte != UInt8(ascii: "\"") {
                text.append(byte)
            } else if index < record.count, record[index] == UInt8(ascii: "\"") {
                text.append(byte)
                index += 1
            } else {
                return index
            }
        }
        throw .unterminatedQuote
    }
}
