/// A text that is another one only byte for byte, for keys of dictionaries: see ``CoinKey`` for why.
public struct ByteText: Sendable {
    /// The text.
    public var text: String

    /// Makes a key of a text.
    public init(_ text: String) {
        self.text = text
    }
}

extension ByteText: Hashable {
    /// Whether both have the same bytes.
    public static func == (left: ByteText, right: ByteText) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        text.hashBytes(into: &hasher)
    }
}

extension ByteText: Comparable {
    /// Orders by the bytes.
    public static func < (left: ByteText, right: ByteText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
