import Foundation
import Testing

@testable import Ingestor

@Suite("Record reader")
struct RecordReaderTests {
    /// One record as text, with the number of its first line.
    struct Line: Hashable {
        var number: Int
        var text: String
        var isTooLong = false
    }

    private func records(_ text: String, quoted: Bool) throws -> [Line] {
        try TemporaryFile.with(text) { path in
            let reader = try RecordReader(path: path, quoted: quoted)
            var lines: [Line] = []
            while let record = try reader.next() {
                let text = reader.withBytes(of: record) { bytes in
                    String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
                }
                lines.append(Line(number: record.line, text: text, isTooLong: record.isTooLong))
            }
            #expect(reader.position.offset == reader.size)
            return lines
        }
    }

    @Test("lines end with LF or CRLF, the last one with nothing; blank ones and a byte order mark are passed over")
    func lines() throws {
        #expect(
            try records("\u{FEFF}a\r\nb\n\n\r\nc", quoted: false) == [
                Line(number: 1, text: "a"), Line(number: 2, text: "b"), Line(number: 5, text: "c"),
            ]
        )
        #expect(try records("", quoted: false) == [])
        #expect(try records("\n\n", quoted: true) == [])
    }

    @Test("a line break inside quotes belongs to the record, but only in CSV")
    func quotedBreaks() throws {
        let text = "a,\"b\nc\"\"\r\nd\",e\nf\n"
        #expect(
            try records(text, quoted: true) == [
                Line(number: 1, text: "a,\"b\nc\"\"\r\nd\",e"), Line(number: 4, text: "f"),
            ]
        )
        #expect(try records(text, quoted: false).map(\.number) == [1, 2, 3, 4])
    }

    @Test("a quote that never closes costs its own line and no other")
    func unterminated() throws {
        #expect(
            try records("a,\"b\nc,d\ne,f\n", quoted: true) == [
                Line(number: 1, text: "a,\"b"), Line(number: 2, text: "c,d"), Line(number: 3, text: "e,f"),
            ]
        )
        #expect(try records("x\na,b\"c\nd\n", quoted: true).map(\.text) == ["x", "a,b\"c", "d"])
    }

    @Test("a record that is too long is reported and passed over")
    func tooLong() throws {
        let long = String(repeating: "x", count: RecordReader.longest * 5)
        let lines = try records("a\n\(long)\nb\n", quoted: false)
        #expect(lines.map(\.number) == [1, 2, 3])
        #expect(lines.map(\.isTooLong) == [false, true, false])
        #expect(lines[2].text == "b")
        let open = try records("a\n\"" + String(repeating: "x\n", count: RecordReader.longest) + "b\n", quoted: true)
        #expect(open.prefix(3).map(\.text) == ["a", "\"x", "x"])
    }

    @Test("a file that is not there, or is a folder, is an error")
    func notThere() {
        #expect(throws: ReplayError.self) { try RecordReader(path: "/nonexistent/file", quoted: false) }
        #expect(throws: ReplayError.self) { try RecordReader(path: "/tmp", quoted: false) }
    }
}
