import Shared
import Testing

@Suite("JSONWriter")
struct JSONWriterTests {
    @Test("puts commas between members and elements and nowhere else")
    func commas() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("a", 1)
        writer.key("b")
        writer.beginArray()
        writer.endArray()
        writer.key("c")
        writer.beginArray()
        writer.integer(-1)
        writer.beginObject()
        writer.endObject()
        writer.null()
        writer.bool(true)
        writer.endArray()
        writer.key("d\"" as String)
        writer.bool(false)
        writer.endObject()
        #expect(writer.text == #"{"a":1,"b":[],"c":[-1,{},null,true],"d\"":false}"#)
    }

    @Test("leaves out members without a value")
    func optionals() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("a", nil as Price?)
        writer.member("b", nil as Int?)
        writer.member("c", nil as EventTime?)
        writer.member("d", Price(1) as Price?)
        writer.endObject()
        #expect(writer.text == #"{"d":1}"#)
    }

    @Test("escapes what must be escaped and nothing else")
    func escapes() {
        var writer = JSONWriter()
        let all = String(String.UnicodeScalarView((0..<0x80).compactMap { Unicode.Scalar($0) })) + "é€𝄞"
        writer.string(all)
        var expected = ""
        for scalar in all.unicodeScalars {
            switch scalar {
            case "\u{8}": expected += "\\b"
            case "\u{9}": expected += "\\t"
            case "\u{A}": expected += "\\n"
            case "\u{C}": expected += "\\f"
            case "\u{D}": expected += "\\r"
            case "\"": expected += "\\\""
            case "\\": expected += "\\\\"
            case "\u{0}"..."\u{F}": expected += "\\u000" + String(scalar.value, radix: 16)
            case "\u{10}"..."\u{1F}": expected += "\\u001" + String(scalar.value & 15, radix: 16)
            default: expected.unicodeScalars.append(scalar)
            }
        }
        #expect(writer.text == "\"\(expected)\"")
    }

    @Test("starts anew after a reset, and grows as far as a document needs")
    func growth() {
        var writer = JSONWriter(capacity: 1)
        for length in [0, 1, 10, 60, 64, 100, 5_000, 3] {
            writer.reset()
            let text = String(repeating: "\u{1}", count: length)
            writer.beginArray()
            writer.string(text)
            writer.integer(Int.min)
            writer.integer(Int64.max)
            writer.endArray()
            let expected = String(repeating: "\\u0001", count: length)
            #expect(writer.text == "[\"\(expected)\",-9223372036854775808,9223372036854775807]")
            #expect(writer.count == writer.bytes.count && writer.count == writer.text.utf8.count)
        }
    }
}
