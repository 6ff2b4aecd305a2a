/// Why bytes aren't the JSON that was expected, and where: always a data fault, never a reason to try again.
public struct JSONError: Sendable, Hashable {
    /// What was wrong.
    public enum Kind: Sendable, Hashable {
        /// The bytes ended in the middle of a value.
        case unexpectedEnd
        /// A byte that can't stand there; the text says what could have.
        case expected(String)
        /// A value of another type than the field has, null included; the text says which type it should be.
        case wrongType(String)
        /// A number that JSON's grammar doesn't allow, for example `01`, `1.` or `-`.
        case malformedNumber
        /// A number that doesn't fit into its type.
        case outOfRange
        /// Bytes in a text that aren't UTF-8.
        case invalidUTF8
        /// An escape that JSON doesn't have, or half of a surrogate pair.
        case invalidEscape
        /// A byte below 0x20 in a text, which JSON wants escaped.
        case controlCharacter
        /// More levels of arrays and objects than ``JSONScanner/maximumDepth``.
        case tooDeep
        /// Something other than white space after the value.
        case trailingBytes
        /// More bytes than a record's value may have.
        case tooLong(limit: Int)
        /// A field that must be there isn't.
        case missingField(String)
        /// A field's value has the right type and makes no sense; the text says why.
        case invalidValue(String)
    }

    /// What was wrong.
    public var kind: Kind
    /// The byte at which it was noticed, from 0.
    public var position: Int
    /// The key of the object's field whose value it was, where a codec knows it.
    public var field: String?

    /// Makes an error.
    public init(_ kind: Kind, at position: Int, field: String? = nil) {
        self.kind = kind
        self.position = position
        self.field = field
    }
}

extension JSONError: ClassifiedError {
    /// Reading the same bytes again gives the same error.
    public var disposition: Disposition { .badData }

    /// One line for a log or a dead letter's header; it never repeats more than a few words of the value.
    public var description: String {
        guard let field else { return "\(kind), at byte \(position)" }
        return "\(field): \(kind), at byte \(position)"
    }
}

extension JSONError.Kind: CustomStringConvertible {
    /// What was wrong, in words.
    public var description: String {
        switch self {
        case .unexpectedEnd: "the JSON ends too early"
        case .expected(let what): "\(what) expected"
        case .wrongType(let type): "the value must be \(type)"
        case .malformedNumber: "not a JSON number"
        case .outOfRange: "the number is out of range"
        case .invalidUTF8: "the text is not UTF-8"
        case .invalidEscape: "not a JSON escape"
        case .controlCharacter: "an unescaped control character in a text"
        case .tooDeep: "arrays and objects are nested too deep"
        case .trailingBytes: "something follows the JSON value"
        case .tooLong(let limit): "the value has more than \(limit) bytes"
        case .missingField(let name): "the field \(name) is missing"
        case .invalidValue(let why): why
        }
    }
}
