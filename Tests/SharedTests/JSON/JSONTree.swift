import Foundation
import Shared

/// Any JSON document as a value, to compare what two parsers make of it.
///
/// Of equal keys the first one counts. Texts are compared by their UTF-8, not by Unicode's canonical equivalence.
enum JSONTree: Equatable {
    case null
    case bool(Bool)
    case number(Decimal)
    case string([UInt8])
    case array([JSONTree])
    case object([[UInt8]: JSONTree])
}

extension JSONTree {
    /// What the scanner makes of it; a number that does not fit into a ``Price`` is an error.
    init(scanning bytes: Span<UInt8>) throws(JSONError) {
        var scanner = JSONScanner(bytes)
        self = try JSONTree.value(from: &scanner, bytes)
        try scanner.end()
    }

    private static func value(from scanner: inout JSONScanner, _ bytes: Span<UInt8>) throws(JSONError) -> JSONTree {
        switch try scanner.peekKind() {
        case .null: return try scanner.isNull() ? .null : .bool(false)
        case .bool: return .bool(try scanner.bool())
        case .number:
            let price = try scanner.price()
            return .number(Decimal(string: price.description) ?? .nan)
        case .string: return .string(Array(try scanner.string().utf8))
        case .array:
            var elements: [JSONTree] = []
            try scanner.beginArray()
            while try scanner.nextElement() { elements.append(try value(from: &scanner, bytes)) }
            return .array(elements)
        case .object:
            var members: [[UInt8]: JSONTree] = [:]
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                let name = Array(key.string(in: bytes).utf8)
                let member = try value(from: &scanner, bytes)
                if members[name] == nil { members[name] = member }
            }
            return .object(members)
        }
    }
}

extension JSONTree: Decodable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// What Foundation makes of it.
    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            var members: [[UInt8]: JSONTree] = [:]
            for key in container.allKeys {
                members[Array(key.stringValue.utf8)] = try container.decode(JSONTree.self, forKey: key)
            }
            self = .object(members)
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSONTree] = []
            while !container.isAtEnd { elements.append(try container.decode(JSONTree.self)) }
            self = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let bool = try? container.decode(Bool.self) {
                self = .bool(bool)
            } else if let string = try? container.decode(String.self) {
                self = .string(Array(string.utf8))
            } else {
                self = .number(try container.decode(Decimal.self))
            }
        }
    }
}

extension JSONTree {
    /// With numbers rounded to 18 decimals, as ``Price`` has them.
    var rounded: JSONTree {
        switch self {
        case .number(var number):
            var result = Decimal()
            NSDecimalRound(&result, &number, 18, .bankers)
            return .number(result)
        case .array(let elements): return .array(elements.map(\.rounded))
        case .object(let members): return .object(members.mapValues(\.rounded))
        default: return self
        }
    }
}
