import Testing

@testable import Shared

@Suite("JSONKeyPattern")
struct JSONKeyPatternTests {
    /// The index of the key that is passed at the beginning of an object, and the position after it.
    private func pass(_ keys: [String], from next: Int = 0, in document: String) throws -> (index: Int, position: Int) {
        let bytes = Array(document.utf8)
        var scanner = JSONScanner(bytes.span)
        try scanner.beginObject()
        let index = scanner.passKey(of: keys.map { JSONKeyPattern(key: $0) }, from: next)
        return (index, scanner.position)
    }

    @Test("a key of any length is passed where all of its bytes stand", arguments: 0...29)
    func wholeKey(length: Int) throws {
        let key = String("abcdefghijklmnopqrstuvwxyzABC".prefix(length))
        #expect(try pass([key], in: "{\"\(key)\":12345678}") == (0, length + 4))
        for changed in 0..<length + 3 {
            var member = Array("\"\(key)\":".utf8)
            member[changed] ^= 1
            let document = "{\(String(decoding: member, as: UTF8.self))12345678}"
            #expect(try pass([key], in: document) == (1, 1), "\(document)")
        }
    }

    @Test("a key is passed when the document ends with it, if it has words to compare", arguments: 0...29)
    func end(length: Int) throws {
        let key = String(repeating: "k", count: length)
        let document = "{\"\(key)\":"
        #expect(try pass([key], in: document) == (length < 5 ? (1, 1) : (0, document.utf8.count)))
        for cut in 1..<document.utf8.count {
            #expect(try pass([key], in: String(document.dropLast(cut))) == (1, 1), "\(cut) bytes less")
        }
    }

    @Test("a key that is too long is never passed")
    func tooLong() throws {
        let key = String(repeating: "k", count: 30)
        #expect(try pass([key], in: "{\"\(key)\":12345678}") == (1, 1))
    }

    @Test("the first key that stands there is passed, and none before the one to begin with")
    func order() throws {
        let document = "{\"b\":12345678}"
        #expect(try pass(["a", "b", "c", "b"], in: document) == (1, 5))
        #expect(try pass(["a", "b", "c", "b"], from: 2, in: document) == (3, 5))
        #expect(try pass(["a", "b", "c"], from: 2, in: document) == (3, 1))
        #expect(try pass(["a", "b", "c"], from: 3, in: document) == (3, 1))
    }

    @Test("behind a member only a comma leads to a key")
    func comma() throws {
        let bytes = Array("{\"a\":1,\"b\":2 ,\"b\":12345678}".utf8)
        var scanner = JSONScanner(bytes.span)
        let keys = [JSONKeyPattern(key: "a"), JSONKeyPattern(key: "b")]
        try scanner.beginObject()
        #expect(scanner.passKey(of: keys, from: 0) == 0)
        #expect(scanner.passKey(of: keys, from: 1) == 2)
        #expect(try scanner.integer() == 1)
        #expect(scanner.passKey(of: keys, from: 1) == 1)
        #expect(try scanner.integer() == 2)
        #expect(scanner.passKey(of: keys, from: 1) == 2)
    }
}
