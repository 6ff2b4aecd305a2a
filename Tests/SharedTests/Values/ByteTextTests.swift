import Shared
import Testing

@Suite("Texts as bytes")
struct ByteTextTests {
    private let composed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    @Test("the composed and the decomposed form of a letter are two coins")
    func forms() {
        #expect(composed == decomposed, "Swift takes them for equal")
        let coins: Set = [
            CoinKey(coinID: composed, vsCurrency: "usd"), CoinKey(coinID: decomposed, vsCurrency: "usd"),
            CoinKey(coinID: composed, vsCurrency: "usd"),
        ]
        #expect(coins.count == 2)
        #expect(Set([ByteText(composed), ByteText(decomposed)]).count == 2)
        #expect(!composed.hasSameBytes(as: decomposed) && composed.hasSameBytes(as: "caf\u{E9}"))
        #expect(ByteText(decomposed) < ByteText(composed) && !(ByteText(composed) < ByteText(composed)))
    }

    @Test("where one text ends and the next begins counts")
    func borders() {
        let keys: Set = [CoinKey(coinID: "ab", vsCurrency: "c"), CoinKey(coinID: "a", vsCurrency: "bc")]
        #expect(keys.count == 2)
    }

    @Test("a text is cut between two characters, and says so")
    func cut() {
        #expect("abcdef".cut(to: 6) == "abcdef")
        #expect("abcdefg".cut(to: 6) == "abc…")
        #expect("ääää".cut(to: 7) == "ää…")
        #expect("ääää".cut(to: 6) == "ä…")
        #expect("🐶🐶".cut(to: 7) == "🐶…" && "🐶🐶".cut(to: 6) == "…" && "abc".cut(to: 0) == "…")
    }
}
