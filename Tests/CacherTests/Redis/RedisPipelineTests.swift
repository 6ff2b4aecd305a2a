import Testing

@testable import Cacher

@Suite("RedisPipeline")
struct RedisPipelineTests {
    private func text(_ pipeline: inout RedisPipeline) -> String {
        pipeline.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test("commands are written in RESP, lengths in bytes")
    func writesRESP() {
        var pipeline = RedisPipeline()
        pipeline.command("SET")
        pipeline.append(joining: "price:", "café", ":usd")
        pipeline.append(Int64.min)
        pipeline.command("PING")
        #expect(pipeline.count == 2)
        let expected = "*3\r\n$3\r\nSET\r\n$15\r\nprice:café:usd\r\n$20\r\n-9223372036854775808\r\n*1\r\n$4\r\nPING\r\n"
        let first = text(&pipeline)
        #expect(first == expected)
        let second = text(&pipeline)
        #expect(second == expected, "reading it twice changes nothing: a batch is sent again after a failure")
    }

    @Test("an emptied pipeline starts anew")
    func startsAnew() {
        var pipeline = RedisPipeline()
        pipeline.command("PING")
        pipeline.removeAll()
        #expect(pipeline.count == 0)
        let nothing = text(&pipeline)
        #expect(nothing == "")
        pipeline.command("ECHO")
        let bytes: [UInt8] = [0, 13, 10, 255]
        bytes.withUnsafeBytes { pipeline.append($0) }
        let written = pipeline.withBytes { Array($0) }
        #expect(written == Array("*2\r\n$4\r\nECHO\r\n$4\r\n".utf8) + bytes + [13, 10])
    }
}
