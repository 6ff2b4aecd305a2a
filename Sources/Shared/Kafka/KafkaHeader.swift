/// A header of a record: a name and some bytes, which in this suite are UTF-8 text.
public struct KafkaHeader: Sendable, Hashable {
    /// The header's name.
    public var name: String
    /// The header's value.
    public var value: [UInt8]

    /// Makes a header from bytes.
    public init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// Makes a header from text.
    public init(_ name: String, _ text: String) {
        self.init(name, Array(text.utf8))
    }

    /// The value as text; bytes that are not UTF-8 are replaced.
    public var text: String {
        String(decoding: value, as: UTF8.self)
    }

    /// The bytes it takes in a record, and a little more: name, value and their lengths.
    public var byteCount: Int {
        name.utf8.count + value.count + 16
    }

    /// The first headers that fit into some bytes, and behind them how many were left out, if any.
    static func first(of count: Int, atMost limit: Int, _ header: (Int) -> KafkaHeader?) -> [KafkaHeader] {
        var result: [KafkaHeader] = []
        var bytes = 0
        for index in 0..<count {
            guard let next = header(index) else { break }
            let (sum, overflow) = bytes.addingReportingOverflow(next.byteCount)
            if overflow || sum > limit {
                // The note itself has room beyond the limit; a list that was cut before ends with one already.
                let isNote = next.name == droppedNote && index == count - 1
                result.append(isNote ? next : KafkaHeader(droppedNote, String(count - index)))
                break
            }
            bytes = sum
            result.append(next)
        }
        return result
    }

    private static let droppedNote = "headers_dropped"
}
