import Foundation
import Shared
import TestSupport
import Testing

/// The scanner against Foundation's JSONDecoder, on random documents and on damaged ones.
@Suite("JSONScanner beside JSONDecoder", .ownThread)
struct JSONOracleTests {
    /// What the scanner makes of it, or its error.
    private func scanned(_ bytes: [UInt8]) -> Result<JSONTree, JSONError> {
        do throws(JSONError) {
            return .success(try JSONTree(scanning: bytes.span))
        } catch {
            return .failure(error)
        }
    }

    private func decoded(_ bytes: [UInt8]) -> JSONTree? {
        try? JSONDecoder().decode(JSONTree.self, from: Data(bytes))
    }

    @Test("reads random documents to the same values", arguments: 0..<8 as Range<UInt64>)
    func sameValues(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var objects = 0
        for _ in 0..<1_000 {
            let text = random.document(depth: 4)
            let tree = try scanned(Array(text.utf8)).get()
            let expected = try #require(decoded(Array(text.utf8)), "seed \(seed): \(text)")
            #expect(tree.rounded == expected.rounded, "seed \(seed): \(text)")
            if case .object(let members) = tree, !members.isEmpty { objects += 1 }
        }
        #expect(objects > 100)
    }

    @Test("accepts and rejects the same damaged documents", arguments: 0..<16 as Range<UInt64>)
    func sameVerdict(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var accepted = 0
        var rejected = 0
        for _ in 0..<1_500 {
            // JSONDecoder doesn't look at the value of a key that came before, and the scanner does.
            let original = Array(random.document(depth: 3, repeatingKeys: false).utf8)
            let bytes = random.mutated(original)
            if bytes.hasNumberBeyondDecimal { continue }
            switch scanned(bytes) {
            case .success(let tree):
                accepted += 1
                let expected = decoded(bytes)
                #expect(expected?.rounded == tree.rounded, "seed \(seed): \(bytes.debugText)")
            case .failure(let error):
                #expect((0...bytes.count).contains(error.position), "seed \(seed): \(bytes.debugText)")
                if error.kind == .outOfRange { continue }
                rejected += 1
                if bytes.hasClosingBracketBehindComma(at: error.position) { continue }
                #expect(decoded(bytes) == nil, "seed \(seed): \(error): \(bytes.debugText)")
            }
        }
        #expect(accepted > 100 && rejected > 100)
    }
}
