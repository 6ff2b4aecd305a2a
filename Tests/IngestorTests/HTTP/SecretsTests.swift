import Testing

@testable import Ingestor

@Suite("Secrets")
struct SecretsTests {
    private let secrets = Secrets(key: "CG-Ab+1", url: "https://me:p%40ss@host/api")

    @Test(
        "are masked in whatever case, percent-encoded or as Authorization",
        arguments: [
            ("key CG-Ab+1.", "key ***."), ("cg-aB+1CG-AB+1", "******"), ("CG-Ab%2B1 cg-ab%2b1", "*** ***"),
            ("me:p@ss", "***"), ("p@ss", "***"), ("p%40SS", "***"), ("Basic bWU6cEBzcw==", "Basic ***"),
            ("me", "me"), ("CG-A", "CG-A"), ("", ""), ("é CG-Ab+1 é", "é *** é"),
        ]
    )
    func masked(text: String, expected: String) {
        #expect(secrets.masked(text) == expected)
    }

    @Test("a user without a password may be a key; without either nothing is masked")
    func kinds() {
        #expect(Secrets(key: nil, url: "https://t0ken@host").masked("t0ken at host") == "*** at host")
        #expect(Secrets(key: nil, url: "https://host/a@b").masked("anything") == "anything")
        #expect(Secrets(key: nil, url: "https://host").masked("anything") == "anything")
    }

    @Test("a secret that the limit cuts in half is cut off")
    func limit() {
        for padding in 0..<64 {
            let text = String(repeating: "x", count: padding) + "CG-Ab+1 and more that goes on and on and on and on"
            let masked = String(decoding: secrets.masked(Array(text.utf8), limit: 40), as: UTF8.self)
            #expect(!masked.contains("C"), "\(masked)")
        }
    }
}
