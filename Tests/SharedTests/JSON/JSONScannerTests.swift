import Shared
import Testing

@Suite("JSONScanner")
struct JSONScannerTests {
    /// The error that passing over the whole document gives, or nil.
    private func fault(_ document: [UInt8]) -> JSONError? {
        do throws(JSONError) {
            var scanner = JSONScanner(document.span)
            try scanner.skipValue()
            try scanner.end()
            return nil
        } catch {
            return error
        }
    }

    private func fault(_ document: String) -> JSONError? {
        fault(Array(document.utf8))
    }

    @Test(
        "accepts what RFC 8259 accepts",
        arguments: [
            "{}", "[]", " { } ", "\t[\n]\r", "0", "-0.5e+7", "\"\"", "true", "false", "null", "[[[]],{\"a\":[{}]}]",
            "{\"\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD834\\uDD1E\"}", "\"\u{7F}é€𝄞\u{FFFF}\"", "[1,2 , 3]",
            "{\"a\" : 1 , \"a\" : 2}",
        ]
    )
    func accepts(document: String) {
        #expect(fault(document) == nil)
    }

    @Test(
        "says what is wrong and where",
        arguments: [
            ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("{", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2),
            ("[1,", .unexpectedEnd, 3), ("{\"a\"", .unexpectedEnd, 4), ("{\"a\":", .unexpectedEnd, 5),
            ("\"abc", .unexpectedEnd, 4), ("\"abc\\", .unexpectedEnd, 5), ("tru", .unexpectedEnd, 3),
            ("-", .unexpectedEnd, 1), ("1.", .unexpectedEnd, 2), ("1e", .unexpectedEnd, 2),
            ("[1,]", .expected("a value"), 3), ("{\"a\":1,}", .expected("a key"), 7), ("{,}", .expected("a key"), 1),
            ("[,]", .expected("a value"), 1), ("[1 2]", .expected("a comma or ]"), 3),
            ("{\"a\" 1}", .expected("a colon"), 5), ("{\"a\":1 \"b\":2}", .expected("a comma or }"), 7),
            ("{a:1}", .expected("a key"), 1), ("[1}", .expected("a comma or ]"), 2), ("{]", .expected("a key"), 1),
            ("'a'", .expected("a value"), 0), ("trUe", .expected("true"), 2), ("nil", .expected("null"), 1),
            ("NaN", .expected("a value"), 0), ("+1", .expected("a value"), 0), ("/*x*/1", .expected("a value"), 0),
            ("01", .malformedNumber, 1), ("-a", .malformedNumber, 1), ("1.e1", .malformedNumber, 2),
            ("1ex", .malformedNumber, 2), ("-01", .malformedNumber, 2), ("1 2", .trailingBytes, 2),
            ("{}}", .trailingBytes, 2), ("1a", .trailingBytes, 1), ("\"a\nb\"", .controlCharacter, 2),
            ("\"a\u{0}\"", .controlCharacter, 2), ("\"\\x\"", .invalidEscape, 1), ("\"\\u12g4\"", .invalidEscape, 1),
            ("\"\\uD834\"", .invalidEscape, 1), ("\"\\uD834\\u0041\"", .invalidEscape, 1),
            ("\"\\uDD1E\"", .invalidEscape, 1), ("\"\\uD834\\uD834\"", .invalidEscape, 1),
            ("\"\\U0041\"", .invalidEscape, 1),
            ("\u{FEFF}1", .expected("a value"), 0), ("\u{A0}1", .expected("a value"), 0),
        ] as [(String, JSONError.Kind, Int)]
    )
    func rejects(document: String, kind: JSONError.Kind, position: Int) {
        #expect(fault(document) == JSONError(kind, at: position))
    }

    @Test(
        "rejects bytes that aren't UTF-8",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xE2, 0x28, 0xA1],
            [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x9D, 0x84], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFF],
        ] as [[UInt8]]
    )
    func rejectsInvalidUTF8(bytes: [UInt8]) {
        let quotation = UInt8(ascii: "\"")
        #expect(fault([quotation] + bytes + [quotation]) == JSONError(.invalidUTF8, at: 1))
        #expect(fault([quotation] + Array("plain text ".utf8) + bytes + [quotation]) == JSONError(.invalidUTF8, at: 12))
        #expect(fault([quotation] + bytes) == JSONError(.invalidUTF8, at: 1))
    }

    @Test("stops at the depth limit instead of the end of the stack")
    func depth() {
        let limit = JSONScanner.maximumDepth
        let deep = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(fault(deep) == nil)
        #expect(fault("[" + deep + "]") == JSONError(.tooDeep, at: limit))
        #expect(fault(String(repeating: "{\"a\":", count: 1_000_000))?.kind == .tooDeep)
    }

    @Test("walks an array of objects with nested values it passes over")
    func walk() throws {
        let body = """
            [{"id":"bitcoin","roi":null,"current_price":77914.82487731134,"sparkline_in_7d":{"price":[1,2.5,[{}]]}},
             {"id":"01coin","roi":{"times":42.743183414054535,"currency":"usd"},"current_price":8.08e-06},
             {"id":"02-token","current_price":null}]
            """
        let bytes = body.utf8.span
        var found: [String: Price?] = [:]
        var scanner = JSONScanner(bytes)
        #expect(try scanner.peekKind() == .array)
        try scanner.beginArray()
        while try scanner.nextElement() {
            var id = ""
            var price: Price?
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key.equals("id", in: bytes) {
                    id = try scanner.string()
                } else if key.equals("current_price", in: bytes) {
                    price = try scanner.optionalPrice()
                } else {
                    try scanner.skipValue()
                }
            }
            found[id] = .some(price)
        }
        try scanner.end()
        #expect(found.count == 3)
        #expect(found["bitcoin"] == .some(Price("77914.82487731134")))
        #expect(found["01coin"] == .some(Price("0.00000808")))
        #expect(found["02-token"] == .some(nil))
    }

    @Test("tells an error object from an array by its first byte")
    func errorObject() throws {
        let body = #"{"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}}"#
        let bytes = body.utf8.span
        var scanner = JSONScanner(bytes)
        #expect(try scanner.peekKind() == .object)
        var code: Int?
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            guard key.equals("status", in: bytes) else {
                try scanner.skipValue()
                continue
            }
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key.equals("error_code", in: bytes) { code = try scanner.integer() } else { try scanner.skipValue() }
            }
        }
        try scanner.end()
        #expect(code == 429)
    }

    @Test("counts numbers it had to round, and goes on after one that doesn't fit")
    func roundedAndOutOfRange() throws {
        let text = "[1.0000000000000000001,1e30,2]"
        var scanner = JSONScanner(text.utf8.span)
        try scanner.beginArray()
        #expect(try scanner.nextElement())
        #expect(try scanner.price() == Price(1))
        #expect(scanner.inexactCount == 1)
        #expect(try scanner.nextElement())
        do throws(JSONError) {
            _ = try scanner.price()
            Issue.record("1e30 was taken for a price")
        } catch {
            #expect(error == JSONError(.outOfRange, at: 23))
        }
        #expect(try scanner.nextElement())
        #expect(try scanner.price() == Price(2))
        #expect(try !scanner.nextElement())
        try scanner.end()
        #expect(scanner.inexactCount == 1)
    }

    @Test(
        "reads integers with decimals and exponents that come out whole",
        arguments: [
            ("12", 12), ("-12", -12), ("12.0", 12), ("1.2e1", 12), ("1763844743123.0", 1_763_844_743_123), ("-0", 0),
            ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("1200e-2", 12),
            ("9223372036854775808", nil), ("1.5", nil), ("1e-1", nil), ("1e400", nil), ("0.0000000000000000001", nil),
        ] as [(String, Int?)]
    )
    func integers(text: String, value: Int?) {
        var scanner = JSONScanner(text.utf8.span)
        do throws(JSONError) {
            #expect(try scanner.integer() == value)
        } catch {
            #expect(value == nil && error == JSONError(.outOfRange, at: 0))
        }
    }

    @Test(
        "says which type a value should have had",
        arguments: [
            ("null", .wrongType("a number")), ("\"1\"", .wrongType("a number")), ("[]", .wrongType("a number")),
            ("}", .expected("a value")), ("", .unexpectedEnd),
        ] as [(String, JSONError.Kind)]
    )
    func wrongType(text: String, kind: JSONError.Kind) {
        #expect(throws: JSONError(kind, at: 0)) {
            var scanner = JSONScanner(text.utf8.span)
            _ = try scanner.price()
        }
    }

    @Test(
        "resolves escapes in texts",
        arguments: [
            (#""""#, ""), (#""plain""#, "plain"), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u00e9\u00E9\u20AC""#, "éé€"), (#""\uD834\uDD1E!""#, "𝄞!"), (#""\u0000""#, "\0"),
            (#""Dogwifhat 🐶 and more""#, "Dogwifhat 🐶 and more"),
            (#""long enough for words\t""#, "long enough for words\t"),
        ]
    )
    func texts(document: String, text: String) throws {
        let bytes = document.utf8.span
        var scanner = JSONScanner(bytes)
        let found = try scanner.text()
        try scanner.end()
        let string = found.string(in: bytes)
        let isSame = found.equals(text, in: bytes)
        let isLonger = found.equals(text + "x", in: bytes)
        let hash = found.hash(in: bytes)
        let expectedHash = ByteSequence.hash(text.utf8.span)
        #expect(string == text)
        #expect(found.isEscaped == document.contains("\\"))
        #expect(isSame && !isLonger)
        #expect(hash == expectedHash)
        #expect(found.withUTF8(in: bytes, { $0.count }) == text.utf8.count)
    }
}
