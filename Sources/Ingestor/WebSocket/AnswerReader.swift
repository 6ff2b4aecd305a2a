import NIOCore
import NIOHTTP1

/// Reads the head of a server's or a proxy's answer out of the bytes of a connection, however they are cut into pieces.
///
/// NIO's decoder sits in the pipeline and has to be taken out while what comes right behind the head passes through it; as a
/// value it leaves those bytes where they are.
struct AnswerReader: Sendable {
    /// What can't be read.
    enum Fault: Error, Hashable {
        /// The head has more bytes than it may.
        case tooLong
        /// It isn't HTTP.
        case notHTTP
    }

    private static let end: [UInt8] = Array("\r\n\r\n".utf8)

    private let limit: Int
    private var head: [UInt8] = []

    /// - Parameter limit: bytes of the head, those of interim answers (100, 103) before it counted in.
    init(limit: Int) {
        self.limit = limit
    }

    /// Reads on.
    /// - Parameter buffer: what belongs to the head is taken out of it; what stands behind it stays.
    /// - Returns: the head; nil when more of it has to come.
    mutating func read(_ buffer: inout ByteBuffer) throws(Fault) -> HTTPResponseHead? {
        while let byte: UInt8 = buffer.readInteger() {
            guard head.count < limit else { throw .tooLong }
            head.append(byte)
            guard byte == 10, head.suffix(4).elementsEqual(Self.end) else { continue }
            let answer = try Self.parse(head.dropLast(4))
            // An interim answer; 101 alone ends the talk in HTTP.
            if (100...199).contains(answer.status.code) && answer.status != .switchingProtocols { continue }
            head = []
            return answer
        }
        return nil
    }

    private static func parse(_ head: ArraySlice<UInt8>) throws(Fault) -> HTTPResponseHead {
        var lines = head.split(separator: 10).map { line in line.last == 13 ? line.dropLast() : line }[...]
        // Of several heads the last: the interim ones end with an empty line.
        if let start = lines.lastIndex(where: \.isEmpty) { lines = lines[(start + 1)...] }
        let status = String(decoding: lines.popFirst() ?? [], as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard let version = status.first, version.hasPrefix("HTTP/1."), status.count > 1, status[1].utf8.count == 3,
            status[1].utf8.allSatisfy({ (48...57).contains($0) }), let code = UInt(status[1])
        else { throw .notHTTP }
        var headers = HTTPHeaders()
        for line in lines {
            // NIO ends the process for a name beyond ASCII.
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line[..<colon].allSatisfy({ $0 < 0x80 }) else {
                throw .notHTTP
            }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            headers.add(name: name, value: trimmed(line[(colon + 1)...]))
        }
        return HTTPResponseHead(version: .http1_1, status: .init(statusCode: Int(code)), headers: headers)
    }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> String {
        let isSpace = { (byte: UInt8) in byte == 32 || byte == 9 }
        let end = value.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? value.startIndex
        return String(decoding: value[..<end].drop(while: isSpace), as: UTF8.self)
    }
}
