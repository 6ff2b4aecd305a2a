import Testing

@testable import Shared

@Suite("URLs without their secrets")
struct MaskedURLTests {
    @Test(
        "all but the password is shown",
        arguments: [
            ("postgresql://me:hunter2@db:5432/prices?a=b", "postgresql://me:***@db:5432/prices?a=b"),
            ("redis://:hunter2@redis:6379/0", "redis://:***@redis:6379/0"),
            ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
            ("postgresql://me@db/prices", "postgresql://me@db/prices"),
            ("postgresql://a:5432,b:5433/prices", "postgresql://a:5432,b:5433/prices"),
            ("https://api.example.com/v3", "https://api.example.com/v3"),
        ]
    )
    func password(url: String, masked: String) {
        #expect(MaskedURL.text(url) == masked)
    }

    @Test(
        "a password that should have been escaped is hidden to its last character",
        arguments: ["hun/ter2", "hun@ter2", "hun:ter2", "hun?ter2", "hun#ter2", "@:/?#", "hun/ter2?a=b", "é\u{301}\n"]
    )
    func unescaped(password: String) {
        #expect(MaskedURL.text("postgresql://me:\(password)@db/prices") == "postgresql://me:***@db/prices")
    }

    @Test(
        "secrets in the query are hidden, by any spelling of their names",
        arguments: [
            ("https://x/v3?x_cg_demo_api_key=abc", "https://x/v3?x_cg_demo_api_key=***"),
            ("postgresql://db/prices?user=me&password=abc", "postgresql://db/prices?user=me&password=***"),
            ("postgresql://db/prices?p%61ssword=abc&a=b", "postgresql://db/prices?p%61ssword=***&a=b"),
            ("postgresql://db/prices?PASSWORD=abc;a=b", "postgresql://db/prices?PASSWORD=***;a=b"),
            ("https://x/v3?key=abc@def&plan=demo", "https://x/v3?key=***&plan=demo"),
            ("https://x/v3?access_token=a=b#top", "https://x/v3?access_token=***#top"),
        ]
    )
    func query(url: String, masked: String) {
        #expect(MaskedURL.text(url) == masked)
    }

    @Test(
        "where a user may be a key, nothing before the host is shown",
        arguments: [
            ("https://api-key@gw.example/x", "https://***@gw.example/x"),
            ("https://me:hush/@hush@gw.example/x?key=abc", "https://***@gw.example/x?key=***"),
            ("https://gw.example/x?ids=a%40b&page=1", "https://gw.example/x?ids=a%40b&page=1"),
        ]
    )
    func user(url: String, masked: String) {
        #expect(MaskedURL.withoutUser(url) == masked)
    }

    @Test("a text that is no URL is hidden", arguments: ["", "hunter2", "host=db password=hunter2", "me:hunter2@db"])
    func other(text: String) {
        #expect(MaskedURL.text(text) == "***")
        #expect(MaskedURL.withoutUser(text) == "***")
    }
}
