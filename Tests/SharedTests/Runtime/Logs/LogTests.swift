import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import Shared

@Suite("Log lines")
struct LogTests {
    private struct Parsed: Decodable, Equatable {
        var time: String
        var level: String
        var service: String
        var message: String
        var metadata: [String: String]?
    }

    private func line(_ message: String, _ metadata: Logger.Metadata = [:]) -> LogLine {
        LogLine(
            time: EventTime(milliseconds: 1_795_379_700_123),
            level: .warning,
            service: "persister",
            message: message,
            metadata: metadata
        )
    }

    @Test("a JSON line has time, level, service and message, and metadata when there is any")
    func shape() {
        #expect(
            String(decoding: line("hello").json, as: UTF8.self)
                == #"{"time":"2026-11-22T20:35:00.123Z","level":"warning","service":"persister","message":"hello"}"#
                + "\n"
        )
        let nested: Logger.Metadata = ["b": ["x", "\(2)"], "a": ["k": "v", "c": .stringConvertible(1.5)]]
        #expect(
            String(decoding: line("hello", nested).json, as: UTF8.self).hasSuffix(
                #","message":"hello","metadata":{"a":{"c":"1.5","k":"v"},"b":["x","2"]}}"# + "\n"
            )
        )
    }

    @Test("whatever the text, a JSON line is one line that Foundation reads back to the same text")
    func escapes() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        let odd: [Unicode.Scalar] = [
            "\"", "\\", "\n", "\r", "\0", "\u{1B}", "\u{7F}", "\u{2028}", "é", "€", "😀", "\u{FFFF}",
        ]
        for _ in 0..<300 {
            func text() -> String {
                var scalars = String.UnicodeScalarView()
                for _ in 0..<random.next() % 20 {
                    let any = Unicode.Scalar(UInt32(random.next() % 0x11_0000)) ?? "x"
                    scalars.append(random.chance(1, in: 2) ? random.pick(odd) : any)
                }
                return String(scalars)
            }
            let (message, key, value) = (text(), text(), text())
            let bytes = line(message, [key: .string(value)]).json
            #expect(bytes.filter { $0 == 10 }.count == 1 && bytes.last == 10, "seed \(seed)")
            let parsed = try JSONDecoder().decode(Parsed.self, from: Data(bytes))
            #expect(parsed.message.unicodeScalars.elementsEqual(message.unicodeScalars), "seed \(seed)")
            #expect(
                parsed.metadata?.values.first?.unicodeScalars.elementsEqual(value.unicodeScalars) == true,
                "seed \(seed)"
            )
        }
    }

    @Test("a text line is one line, without control characters that could steer a terminal")
    func textLine() {
        let text = String(decoding: line("two\nlines \u{1B}[31m", ["key": "a\tb"]).text, as: UTF8.self)
        #expect(text == "2026-11-22T20:35:00.123Z WARNING  persister: two\\nlines \\u{1B}[31m key=a\\tb\n")
    }

    @Test("a logger's metadata, its call's and the error all arrive, the call's winning; lower levels don't")
    func handler() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        var handler = LineLogHandler(service: "cacher", format: .auto, level: .info, descriptor: ends[1])
        handler[metadataKey: "coin"] = "bitcoin"
        handler[metadataKey: "n"] = "1"
        let logger = Logger(label: "test") { _ in handler }
        logger.debug("not this")
        logger.warning("this", error: SettingsError([.init(name: "A", reason: "is odd")]), metadata: ["n": "2"])
        close(ends[1])
        let data = try #require(try FileHandle(fileDescriptor: ends[0]).readToEnd())
        let parsed = try JSONDecoder().decode(Parsed.self, from: data)
        #expect(parsed.level == "warning" && parsed.message == "this" && parsed.service == "cacher")
        #expect(parsed.metadata == ["coin": "bitcoin", "n": "2", "error": "A is odd"])
    }
}
