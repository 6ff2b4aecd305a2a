import Shared
import Testing

@testable import Ingestor

@Suite("URLs and proxies of WebSockets")
struct WebSocketURLTests {
    @Test("a URL has a host, a port and a target")
    func url() throws {
        let plain = try #require(WebSocketURL("ws://feed.example"))
        #expect(plain.isSecure == false && plain.port == 80 && plain.target == "/")
        #expect(plain.hostHeader == "feed.example" && plain.authority == "feed.example:80")
        let secure = try #require(WebSocketURL("WSS://Feed.Example.:8443/a%20b/c?streams=x@trade/y@trade"))
        #expect(secure.isSecure && secure.port == 8443)
        #expect(secure.target == "/a%20b/c?streams=x@trade/y@trade")
        #expect(secure.hostHeader == "Feed.Example.:8443")
        #expect(secure.serverName == "Feed.Example")
        #expect(WebSocketURL("wss://feed.example:443/")?.hostHeader == "feed.example")
        let address = try #require(WebSocketURL("wss://[::1]:9/"))
        #expect(address.host == "::1" && address.authority == "[::1]:9" && address.serverName == nil)
        #expect(WebSocketURL("wss://127.0.0.1/")?.serverName == nil)
        #expect(WebSocketURL("wss://1.example/")?.serverName == "1.example")
    }

    @Test(
        "what isn't one is none",
        arguments: [
            "", "feed.example", "https://feed.example/", "wss://", "wss:///path", "wss://me:secret@feed.example/",
            "wss://feed.example:0/", "wss://feed.example:65536/", "wss://feed.example/a b", "wss://feed.example/#x",
            "wss://feed.example/\r\nEvil: 1",
        ]
    )
    func none(_ text: String) {
        let url = WebSocketURL(text)
        // A space may be taken and escaped, but never stay.
        #expect(url == nil || url?.target.utf8.allSatisfy { $0 > 0x20 } == true)
        if !text.contains("a b"), !text.contains("Evil") { #expect(url == nil) }
    }

    @Test("the variables are read as curl reads them")
    func variables() throws {
        let secure = try #require(WebSocketURL("wss://feed.example/"))
        let plain = try #require(WebSocketURL("ws://feed.example/"))
        func names(_ environment: [String: String]) throws -> [String?] {
            let proxies = try WebSocketProxies(environment: environment)
            return [secure, plain].map { proxies.proxy(for: $0)?.name }
        }
        #expect(try names([:]) == [nil, nil])
        #expect(try names(["HTTPS_PROXY": "http://a:1"]) == ["a:1", nil])
        #expect(try names(["HTTPS_PROXY": "http://a:1", "https_proxy": "b:2"]) == ["b:2", nil])
        #expect(try names(["http_proxy": "c"]) == [nil, "c:1080"])
        #expect(try names(["HTTP_PROXY": "http://c:3"]) == [nil, nil])
        #expect(try names(["all_proxy": "http://[::1]:4/"]) == ["[::1]:4", "[::1]:4"])
        #expect(try names(["ALL_PROXY": "http://a:1", "https_proxy": ""]) == [nil, "a:1"])
    }

    @Test("no_proxy names hosts and all below them; loopback never goes through a proxy")
    func direct() throws {
        func isDirect(_ host: String, _ named: String) throws -> Bool {
            let proxies = try WebSocketProxies(environment: ["https_proxy": "p:1", "no_proxy": named])
            return proxies.proxy(for: try #require(WebSocketURL("wss://\(host)/"))) == nil
        }
        #expect(try isDirect("localhost", "") && isDirect("127.0.0.1", "") && isDirect("[::1]", ""))
        #expect(try !isDirect("feed.example", "other.example"))
        #expect(try isDirect("feed.example", "x, FEED.example") && isDirect("feed.example.", "feed.example"))
        #expect(try isDirect("a.feed.example", ".feed.example") && isDirect("feed.example", "feed.example x"))
        #expect(try !isDirect("myfeed.example", "feed.example") && isDirect("feed.example", "*"))
        #expect(try isDirect("10.0.0.7", "10.0.0.7") && !isDirect("10.0.0.7", "0.0.7"))
        let upper = try WebSocketProxies(environment: ["https_proxy": "p:1", "NO_PROXY": "feed.example"])
        #expect(upper.proxy(for: try #require(WebSocketURL("wss://feed.example/"))) == nil)
    }

    @Test("a proxy's password is sent, and never said")
    func password() throws {
        let proxy = try #require(WebSocketProxy("http://me:p%40ss%3A@proxy.example:3128"))
        #expect(proxy.authorization == "Basic bWU6cEBzczo=")
        #expect(proxy.name == "proxy.example:3128")
        for text in [
            "socks5://me:secret@p:1", "https://me:secret@p:1", "http://me:secret@", "http://me:secret@p:99999",
        ] {
            let error = #expect(throws: WebSocketError.self) {
                try WebSocketProxies(environment: ["ALL_PROXY": text])
            }
            #expect(error?.disposition == .fatal)
            #expect(error.map { $0.description.contains("ALL_PROXY") && !$0.description.contains("secret") } == true)
        }
    }

    @Test("a certificate's names are compared as RFC 6125 says")
    func names() {
        func matches(_ name: String, _ host: String) -> Bool {
            CertificateNames.matches(Array(name.utf8), Array(host.utf8))
        }
        #expect(matches("feed.example", "feed.example") && matches("*.feed.example", "a.feed.example"))
        #expect(!matches("*.feed.example", "feed.example") && !matches("*.feed.example", "a.b.feed.example"))
        #expect(!matches("*.example", "a.example.") && !matches("*.com", "example.com") && !matches("*", "example"))
        #expect(!matches("a.example", "b.example") && !matches("f*.a.example", "fb.a.example"))
        #expect(!matches("*.feed.example", ".feed.example"))
    }
}
