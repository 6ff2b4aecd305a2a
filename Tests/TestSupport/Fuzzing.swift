import Foundation

/// Inputs that are nearly right, in an order that a seed gives: examples with bytes changed, cut, moved, doubled and joined,
/// and with words put in that mean something to what reads them.
public struct Fuzzing: Sendable {
    /// How many inputs a target of cost 1 gets: `TICKLINE_FUZZ_RUNS`, without it so few that all targets together take
    /// some 20 s in a debug build.
    public static let runs: Int = {
        ProcessInfo.processInfo.environment["TICKLINE_FUZZ_RUNS"].flatMap(Int.init) ?? 100_000
    }()

    /// The longest input in bytes; a mutation that makes more is cut.
    public static let longest = 8_192

    /// What means something in JSON, and the ends of numbers.
    public static let jsonWords = [
        "null", "true", "false", "{", "}", "[", "]", "\"", "\\", ":", ",", "\\u0000", "\\ud800", "\\udc00", "\\u00e9",
        "{}",
        "[]", "\"\"", "-", "0", "-0", "1e309", "1E-400", "0.0000000000000000001", "99999999999999999999",
        "99999999999999999999.999999999999999999", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "170141183460469231731687303715884105728", "2026-11-22T20:35:00Z", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z", "2024-02-30T00:00:00Z", "2016-12-31T23:59:60Z", "\u{0}", "\u{1F600}", "\u{301}",
        String(repeating: "[", count: 600), String(repeating: "{\"a\":", count: 600), "NaN", "Infinity",
    ]

    /// What means something in CSV.
    public static let csvWords = [
        ",", "\"", "\"\"", "\n", "\r\n", "\r", "\u{FEFF}", "True", "False", "1735689600010866", "1646110800000",
        "1.6461E+12",
        "-1", "1e400", "99999999999999999999999", "buy", "sell", "2026-11-22", "2026-11-22 20:35:00", "timestamp",
        "coin_id",
        "price", "unix", "close", "https://", "{", "\u{0}",
    ]

    private let corpus: [[UInt8]]
    private let words: [[UInt8]]
    private var random: SplitMix64

    /// Makes a row of inputs.
    /// - Parameters:
    ///   - corpus: the examples, at least one.
    ///   - words: what is put in now and then.
    ///   - seed: the same seed gives the same inputs.
    public init(_ corpus: [[UInt8]], words: [String] = Fuzzing.jsonWords, seed: UInt64) {
        self.corpus = corpus
        self.words = words.map { Array($0.utf8) }
        random = SplitMix64(seed: seed)
    }

    /// The next input.
    public mutating func next() -> [UInt8] {
        var bytes = random.pick(corpus)
        for _ in 0..<(1 + random.next() % 4) { change(&bytes) }
        return bytes.count > Self.longest ? Array(bytes.prefix(Self.longest)) : bytes
    }

    /// Gives inputs to a body, in the seed's order; the seed is chosen anew each time unless `TICKLINE_FUZZ_SEED` names it.
    /// - Parameters:
    ///   - cost: of inputs that take so many times as long as a short JSON object there are so many times less.
    ///   - body: gets the input and the words to put into a failure.
    public static func run(
        _ corpus: [String],
        words: [String] = Fuzzing.jsonWords,
        cost: Int = 1,
        _ body: (_ input: [UInt8], _ place: @autoclosure () -> String) throws -> Void
    ) rethrows {
        try run(bytes: corpus.map { Array($0.utf8) }, words: words, cost: cost, body)
    }

    /// Gives inputs to a body: see ``run(_:words:cost:_:)``.
    public static func run(
        bytes corpus: [[UInt8]],
        words: [String] = Fuzzing.jsonWords,
        cost: Int = 1,
        _ body: (_ input: [UInt8], _ place: @autoclosure () -> String) throws -> Void
    ) rethrows {
        let named = ProcessInfo.processInfo.environment["TICKLINE_FUZZ_SEED"].flatMap(UInt64.init)
        let seed = named ?? .random(in: 0 ... .max)
        var inputs = Fuzzing(corpus, words: words, seed: seed)
        // An input that ends the process is known by its seed and number.
        FileHandle.standardError.write(Data("fuzz seed \(seed), \(max(1, runs / cost)) inputs\n".utf8))
        for number in 0..<max(1, runs / cost) {
            let input = inputs.next()
            try body(input, "seed \(seed), input \(number): \(String(decoding: input, as: UTF8.self))")
        }
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        switch random.next() % 9 {
        case 0:
            guard let place = place(in: bytes) else { return }
            bytes[place] ^= 1 << UInt8(random.next() % 8)
        case 1:
            guard let place = place(in: bytes) else { return }
            bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2:
            bytes.removeSubrange(part(of: bytes))
        case 3:
            let part = Array(bytes[part(of: bytes)])
            bytes.insert(contentsOf: part, at: end(in: bytes))
        case 4, 5:
            bytes.insert(contentsOf: random.pick(words), at: end(in: bytes))
        case 6:
            // A word in place of a number or a text.
            guard let place = place(in: bytes) else { return }
            let isInside = { (byte: UInt8) in !",:[]{}\n".utf8.contains(byte) }
            let start = bytes[..<place].lastIndex { !isInside($0) }.map { $0 + 1 } ?? 0
            let end = bytes[place...].firstIndex { !isInside($0) } ?? bytes.count
            bytes.replaceSubrange(start..<max(start, end), with: random.pick(words))
        case 7:
            let other = random.pick(corpus)
            bytes = Array(bytes[..<end(in: bytes)]) + other[end(in: other)...]
        default:
            bytes.removeSubrange(end(in: bytes)...)
        }
    }

    private mutating func place(in bytes: [UInt8]) -> Int? {
        bytes.isEmpty ? nil : Int(random.next() % UInt64(bytes.count))
    }

    private mutating func end(in bytes: [UInt8]) -> Int {
        Int(random.next() % UInt64(bytes.count + 1))
    }

    private mutating func part(of bytes: [UInt8]) -> Range<Int> {
        let start = end(in: bytes)
        return start..<min(bytes.count, start + Int(random.next() % 40))
    }
}
