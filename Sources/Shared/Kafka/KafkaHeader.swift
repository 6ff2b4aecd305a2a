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
}
