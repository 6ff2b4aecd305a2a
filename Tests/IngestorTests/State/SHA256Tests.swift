import Testing

@testable import Ingestor

/// Vectors of FIPS 180-4's examples and RFC 4231.
@Suite("SHA-256")
struct SHA256Tests {
    private func text(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test(
        "digests are those of the standard, at every length around a block",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 63), "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
            (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
            (String(repeating: "a", count: 65), "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"),
        ]
    )
    func digests(message: String, expected: String) {
        #expect(text(SHA256.digest(message.utf8)) == expected)
    }

    @Test("keyed digests are those of RFC 4231")
    func keyed() {
        let short = SHA256.hmac(key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8))
        #expect(text(short) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = SHA256.hmac(
            key: [UInt8](repeating: 0xAA, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        )
        #expect(text(long) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("a key's fingerprint is the same everywhere and says nothing of the key")
    func fingerprint() {
        let name = KeyFingerprint.of("CG-secret")
        #expect(name == KeyFingerprint.of("CG-secret"))
        #expect(name != KeyFingerprint.of("CG-secret2"))
        #expect(name.count == 32 && !name.contains("secret"))
        #expect(KeyFingerprint.of(nil) == "keyless")
    }
}
