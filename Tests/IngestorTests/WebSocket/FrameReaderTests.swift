import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("Reading WebSocket frames")
struct FrameReaderTests {
    private static let limit = 1000

    /// What a reader makes of bytes that come in pieces.
    private struct Read {
        var messages: [String] = []
        var pings: [[UInt8]] = []
        var end: FrameEnd?
        var isBetweenMessages = true

        init(_ pieces: [ArraySlice<UInt8>]) {
            var reader = FrameReader(connection: 3, limit: FrameReaderTests.limit)
            var batch = FeedBatch()
            for piece in pieces where end == nil {
                end = reader.read(Array(piece).span, into: &batch)
                if let ping = reader.ping { pings.append(ping) }
                reader.ping = nil
            }
            isBetweenMessages = reader.isBetweenMessages
            for entry in batch.entries {
                #expect(entry.connection == 3)
                guard case .message(let range) = entry.kind else { continue }
                messages.append(String(decoding: batch.bytes[range], as: UTF8.self))
            }
        }

        init(_ bytes: [UInt8]) {
            self.init([bytes[...]])
        }
    }

    /// Messages of all lengths, fragmented and not, with control frames between and inside them.
    private static let stream: [UInt8] =
        ServerFrame.text("one") + ServerFrame.text("") + ServerFrame.bytes(9, [1])
        + ServerFrame.text(String(repeating: "a", count: 126))
        + ServerFrame.bytes(1, Array("frag".utf8), isFinal: false)
        + ServerFrame.bytes(9, [2]) + ServerFrame.bytes(0, [], isFinal: false) + ServerFrame.bytes(10, [7, 7])
        + ServerFrame.bytes(0, Array("ments".utf8)) + ServerFrame.bytes(1, [], isFinal: false)
        + ServerFrame.bytes(0, Array("late".utf8)) + ServerFrame.text(String(repeating: "b", count: 1000))
        + ServerFrame.bytes(9, Array(repeating: 3, count: 125)) + ServerFrame.text("last")

    private static let messages = [
        "one", "", String(repeating: "a", count: 126), "fragments", "late", String(repeating: "b", count: 1000), "last",
    ]

    @Test("fragments are joined, control frames may stand between them, and several frames come in one piece")
    func whole() {
        let read = Read(Self.stream)
        #expect(read.messages == Self.messages)
        #expect(read.pings == [Array(repeating: 3, count: 125)], "of several pings in one piece the newest")
        #expect(read.end == nil)
        #expect(read.isBetweenMessages)
    }

    @Test("however the bytes are cut, the messages are the same", arguments: 0..<100)
    func splits(_ seed: UInt64) {
        var random = TestSupport.SplitMix64(seed: seed)
        var rest = Self.stream[...]
        var pieces: [ArraySlice<UInt8>] = []
        let longest = 1 + random.next() % 300
        while !rest.isEmpty {
            let count = min(rest.count, Int(1 + random.next() % longest))
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        let read = Read(pieces)
        #expect(read.messages == Self.messages, "seed \(seed)")
        #expect(read.pings.last == Array(repeating: 3, count: 125), "seed \(seed)")
        #expect(read.end == nil, "seed \(seed)")
    }

    @Test("byte by byte nothing is lost, and every ping is seen")
    func bytes() {
        let read = Read(Self.stream.indices.map { Self.stream[$0...$0] })
        #expect(read.messages == Self.messages)
        #expect(read.pings == [[1], [2], Array(repeating: 3, count: 125)])
    }

    /// Frames that end the connection, the code and words of the reason.
    static let forbidden: [(name: String, bytes: [UInt8], code: UInt16, reason: String)] = [
        ("compressed", ServerFrame.bytes(1, [1], reserved: 0x40), 1002, "reserved bits"),
        ("second reserved bit", ServerFrame.bytes(1, [1], reserved: 0x20), 1002, "reserved bits"),
        ("third reserved bit", ServerFrame.bytes(9, [1], reserved: 0x10), 1002, "reserved bits"),
        ("unknown data", ServerFrame.bytes(3, [1]), 1002, "unknown kind 3"),
        ("unknown control", ServerFrame.bytes(11, []), 1002, "unknown kind 11"),
        ("masked", ServerFrame.bytes(1, [1], isMasked: true), 1002, "masked"),
        ("stray continuation", ServerFrame.bytes(0, [1]), 1002, "continuation of nothing"),
        (
            "continuation of what ended",
            ServerFrame.bytes(1, [1], isFinal: false) + ServerFrame.bytes(0, [1]) + ServerFrame.bytes(0, [1]), 1002,
            "continuation of nothing"
        ),
        (
            "message in a message", ServerFrame.bytes(1, [1], isFinal: false) + ServerFrame.text("x"), 1002,
            "inside another"
        ),
        (
            "binary in a message", ServerFrame.bytes(1, [1], isFinal: false) + ServerFrame.bytes(2, [1]), 1002,
            "inside another"
        ),
        ("long ping", ServerFrame.bytes(9, Array(repeating: 1, count: 126)), 1002, "more than 125 bytes"),
        ("fragmented ping", ServerFrame.bytes(9, [1], isFinal: false), 1002, "control frame in fragments"),
        ("fragmented close", ServerFrame.bytes(8, [], isFinal: false), 1002, "control frame in fragments"),
        ("close of one byte", ServerFrame.bytes(8, [3]), 1002, "one byte"),
        ("binary", ServerFrame.bytes(2, [1]), 1003, "binary"),
        ("too long", ServerFrame.bytes(1, [], claimed: 1001), 1009, "more than 1000 bytes"),
        ("longest length", ServerFrame.bytes(1, [], claimed: .max), 1009, "more than 1000 bytes"),
        ("a length beyond 63 bits", [0x81, 127] + Array(repeating: 0xFF, count: 8), 1009, "more than 1000 bytes"),
        (
            "too long in fragments",
            ServerFrame.bytes(1, Array(repeating: 1, count: 600), isFinal: false)
                + ServerFrame.bytes(0, [], claimed: 401),
            1009, "more than 1000 bytes"
        ),
    ]

    @Test(
        "what a server mustn't send ends the connection, at the header, and what came before stays",
        arguments: forbidden
    )
    func refused(_ test: (name: String, bytes: [UInt8], code: UInt16, reason: String)) throws {
        let read = Read(ServerFrame.text("before") + test.bytes + ServerFrame.text("behind"))
        #expect(read.messages.first == "before")
        #expect(!read.messages.contains("behind"), "\(test.name)")
        let end = try #require(read.end, "\(test.name)")
        #expect(end.code == test.code, "\(test.name)")
        #expect(end.reason.contains(test.reason), "\(test.name): \(end.reason)")
    }

    @Test("1000 bytes in fragments are a message when 1000 are allowed, with a ping between them too")
    func longest() {
        let read = Read(
            ServerFrame.bytes(1, Array(repeating: 65, count: 600), isFinal: false) + ServerFrame.bytes(9, [1])
                + ServerFrame.bytes(0, Array(repeating: 65, count: 400))
        )
        #expect(read.messages == [String(repeating: "A", count: 1000)])
        #expect(read.end == nil)
    }

    @Test("a close frame says why on one line, and the answer has its code when it may have one")
    func close() {
        #expect(Read(ServerFrame.bytes(8, [])).end == FrameEnd(code: nil, reason: "the server closed the connection"))
        let going = Read(ServerFrame.close(1001, "going\r\n\u{1B}[31m away") + ServerFrame.text("behind"))
        #expect(
            going.end == FrameEnd(code: 1001, reason: "the server closed the connection with 1001: going [31m away")
        )
        #expect(going.messages.isEmpty)
        #expect(Read(ServerFrame.close(4000)).end?.code == 4000)
        for code: UInt16 in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            let end = Read(ServerFrame.close(code)).end
            #expect(end?.code == 1002)
            #expect(end?.reason == "the server closed the connection with \(code)")
        }
        let noText = Read(ServerFrame.bytes(8, [0x03, 0xE8, 0xFF, 0xFE, 0x41]))
        #expect(noText.end?.reason == "the server closed the connection with 1000: \u{FFFD}\u{FFFD}A")
    }

    @Test("an end in the middle of a frame or of a message is seen")
    func middle() {
        #expect(!Read(Array(ServerFrame.text("hello").prefix(4))).isBetweenMessages)
        #expect(!Read([0x81]).isBetweenMessages)
        #expect(!Read(ServerFrame.bytes(1, [65], isFinal: false)).isBetweenMessages)
        #expect(Read(ServerFrame.text("hello")).isBetweenMessages)
    }

    @Test("random bytes never trap", arguments: 0..<200)
    func noise(_ seed: UInt64) {
        var random = TestSupport.SplitMix64(seed: seed)
        var bytes = Self.stream
        for _ in 0..<(1 + random.next() % 8) {
            bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        }
        let read = Read(bytes)
        for message in read.messages { #expect(message.utf8.count <= 3 * Self.limit, "seed \(seed)") }
    }
}
