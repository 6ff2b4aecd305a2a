import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import Ingestor

@Suite("Reading answers to the opening handshake")
struct AnswerReaderTests {
    private func read(
        _ text: String,
        in pieces: [Int] = [],
        limit: Int = 200
    ) throws -> (answer: HTTPResponseHead?, rest: String) {
        var reader = AnswerReader(limit: limit)
        var bytes = ByteBuffer(string: text)
        var answer: HTTPResponseHead?
        var sizes = pieces[...]
        while answer == nil, bytes.readableBytes > 0 {
            let size = min(sizes.popFirst() ?? bytes.readableBytes, bytes.readableBytes)
            var piece = bytes.readSlice(length: size) ?? ByteBuffer()
            answer = try reader.read(&piece)
            piece.writeBuffer(&bytes)
            bytes = piece
        }
        return (answer, String(buffer: bytes))
    }

    @Test("status and headers are read, and what stands behind stays", arguments: 0..<50)
    func head(_ seed: UInt64) throws {
        var random = TestSupport.SplitMix64(seed: seed)
        let pieces = (0..<100).map { _ in 1 + Int(random.next() % (1 + seed)) }
        let text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nempty:\r\nA:\t b \r\n\r\nbehind\r\n\r\n"
        let (answer, rest) = try read(text, in: pieces)
        #expect(answer?.status == .switchingProtocols, "seed \(seed)")
        #expect(answer?.headers.map { $0.name } == ["Upgrade", "empty", "A"], "seed \(seed)")
        #expect(answer?.headers.map { $0.value } == ["websocket", "", "b"], "seed \(seed)")
        #expect(rest == "behind\r\n\r\n", "seed \(seed)")
    }

    @Test("interim answers are passed over, a status without words is one, a head that isn't complete is none")
    func interim() throws {
        let (answer, rest) = try read("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200\r\nB: c\r\n\r\nbody")
        #expect(answer?.status == .ok)
        #expect(answer?.headers.map { $0.name } == ["B"])
        #expect(rest == "body")
        #expect(try read("HTTP/1.1 200 OK\r\nB: c\r\n").answer == nil)
    }

    @Test("too long a head is an error before it ends, also in interim answers")
    func long() {
        #expect(throws: AnswerReader.Fault.tooLong) {
            try read("HTTP/1.1 101 OK\r\nA: " + String(repeating: "x", count: 200))
        }
        #expect(throws: AnswerReader.Fault.tooLong) {
            try read(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 20))
        }
    }

    @Test(
        "what isn't HTTP is an error",
        arguments: [
            "SSH-2.0-OpenSSH\r\n\r\n", "\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 +12 x\r\n\r\n", "HTTP/1.1\r\n\r\n",
        ]
            + [
                "HTTP/1.1 2000 x\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                "HTTP/1.1 200 OK\r\nN\u{E9}: x\r\n\r\n",
            ]
    )
    func junk(_ text: String) {
        #expect(throws: AnswerReader.Fault.notHTTP) { try read(text) }
    }
}
