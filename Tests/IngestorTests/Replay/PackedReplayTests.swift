import Foundation
import TestSupport
import Testing

@testable import Ingestor

@Suite("Packed files and files read from their end")
struct PackedReplayTests {
    private func lines(_ reader: any RecordSource) throws -> [String] {
        var lines: [String] = []
        while let record = try reader.next() { lines.append(record.isTooLong ? "too long" : text(reader, record)) }
        return lines
    }

    private func text(_ reader: any RecordSource, _ record: ReplayRecord) -> String {
        reader.withBytes(of: record) { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
    }

    private func file<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let path = try TemporaryFile.keep(bytes, named: "file")
        defer { TemporaryFile.remove(path) }
        return try body(path)
    }

    private static func text(_ random: inout TestSupport.SplitMix64, lines: Int) -> [UInt8] {
        let ends = ["\n", "\r\n", "\n\n"]
        var text = (0..<lines).map { "\($0),\(random.next())" + random.pick(ends) }.joined()
        if random.chance(1, in: 2) { text += "the last" }
        return Array(text.utf8)
    }

    @Test("gzip and zstd of one part or several give what they were made of, from any place again", arguments: 0..<6)
    func packed(seed: UInt64) throws {
        var random = TestSupport.SplitMix64(seed: seed)
        let plain = Self.text(&random, lines: 20_000)
        let middle = plain.count / 3
        let parts = [Array(plain[..<middle]), Array(plain[middle...])]
        let pack = seed % 2 == 0 ? Compressed.gzip : Compressed.zstd
        let packed = seed % 3 == 0 ? pack(plain) : parts.flatMap(pack)
        let wanted = try file(plain) { try lines(RecordReader(path: $0, quoted: false)) }
        try file(packed) { path in
            let reader = try RecordReader(path: path, quoted: false)
            #expect(reader.packing == (seed % 2 == 0 ? .gzip : .zstd))
            let stop = Int(random.next() % UInt64(wanted.count))
            for index in 0..<stop {
                let record = try #require(try reader.next())
                #expect(text(reader, record) == wanted[index])
            }
            let again = try RecordReader(path: path, quoted: false, at: reader.position) {}
            #expect(try lines(again) == Array(wanted[stop...]), "seed \(seed)")
            #expect(try lines(reader) == Array(wanted[stop...]), "seed \(seed)")
            #expect(reader.progress == 1)
        }
    }

    @Test("a packed file that is cut off or damaged is an error that says so, after the records before it")
    func damaged() throws {
        var random = TestSupport.SplitMix64(seed: 1)
        let plain = Self.text(&random, lines: 20_000)
        for pack in [Compressed.gzip, Compressed.zstd] {
            let whole = pack(plain)
            var broken = whole
            for place in whole.count / 2..<whole.count / 2 + 40 { broken[place] ^= 0x55 }
            for bytes in [Array(whole.dropLast(9)), Array(whole.prefix(whole.count / 2)), broken] {
                try file(bytes) { path in
                    let error = try #require(throws: ReplayError.self) {
                        let reader = try RecordReader(path: path, quoted: false)
                        while try reader.next() != nil {}
                    }
                    #expect("\(error)".contains("damaged") || "\(error)".contains("cut off"), "\(error)")
                }
            }
        }
    }

    @Test("a file that unpacks to a gigabyte of one line costs no memory, and the next line is read")
    func bombs() throws {
        let before = try residentBytes()
        let line = Array("\nafter\n".utf8)
        for bytes in [
            Compressed.zstdBomb(of: 0x30, mebibytes: 1_024) + Compressed.zstd(line),
            Compressed.gzip([UInt8](repeating: 0x30, count: 64 << 20)) + Compressed.gzip(line),
        ] {
            try file(bytes) { path in
                let found = try lines(RecordReader(path: path, quoted: true))
                #expect(found == ["too long", "after"])
            }
        }
        // 64 MiB of them are the test's own, and other tests run beside it.
        let grown = try residentBytes() - before
        #expect(grown < 512 << 20)
    }

    @Test("a window that is larger than zstd allows by itself is refused, and not allocated")
    func largeWindow() throws {
        // 2 GiB: an exponent of 21 above 1 KiB.
        try file([0x28, 0xB5, 0x2F, 0xFD, 0, 21 << 3, 1, 0, 0]) { path in
            let error = try #require(throws: ReplayError.self) { try RecordReader(path: path, quoted: false) }
            #expect("\(error)".contains("memory"), "\(error)")
        }
    }

    @Test("what isn't read is refused with what to do")
    func refused() throws {
        for (magic, word) in [("PK\u{3}\u{4}", "zip"), ("PAR1", "Parquet"), ("BZh9", "bzip2")] {
            try file(Array(magic.utf8) + [0, 0, 0, 0]) { path in
                let error = try #require(throws: ReplayError.self) { try RecordReader(path: path, quoted: false) }
                #expect("\(error)".contains(word), "\(error)")
            }
        }
    }

    @Test("from its end a file has the same lines the other way round, from any place again", arguments: 0..<12)
    func backward(seed: UInt64) throws {
        var random = TestSupport.SplitMix64(seed: seed)
        var plain = Self.text(&random, lines: Int(random.next() % 20_000))
        if seed % 4 == 0 {
            plain += Array("\n".utf8) + [UInt8](repeating: 0x78, count: 700_000) + Array("\nend\n".utf8)
        }
        try file(Array("a header\n".utf8) + plain) { path in
            let forward = try RecordReader(path: path, quoted: false)
            _ = try forward.next()
            let first = forward.position.offset
            let wanted = Array(try lines(forward).reversed())
            let reader = try BackwardReader(path: path, first: first)
            let stop = wanted.isEmpty ? 0 : Int(random.next() % UInt64(wanted.count))
            for _ in 0..<stop { _ = try reader.next() }
            let again = try BackwardReader(path: path, first: first, position: reader.position)
            let rest = try lines(again)
            #expect(rest == Array(wanted[stop...]), "seed \(seed)")
            #expect(try lines(reader) == rest)
            #expect(reader.progress == 1)
        }
    }

    private func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return try #require(Int(text.split(separator: " ")[1])) * 4_096
    }
}
