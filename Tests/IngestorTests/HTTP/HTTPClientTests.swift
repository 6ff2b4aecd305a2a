import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("HTTP client", .timeLimit(.minutes(2)))
struct HTTPClientTests {
    /// `gzip -n` of `[{"id":"bitcoin"}]`.
    private static let zipped: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x8B, 0xAE, 0x56, 0xCA, 0x4C, 0x51, 0xB2, 0x52,
        0x4A, 0xCA, 0x2C, 0x49, 0xCE, 0xCF, 0xCC, 0x53, 0xAA, 0x8D, 0x05, 0x00, 0x00, 0xEA, 0xDF, 0xA8, 0x12, 0x00,
        0x00, 0x00,
    ]

    @Test("brings status, headers and body, whatever the status is")
    func answer() async throws {
        let response = try await HTTPFixtureServer.run { _, _ in
            HTTPFixtureServer.Answer(503, "<html>\n busy </html>", headers: ["Retry-After": "7", "ETag": "W/\"abc\""])
        } _: { server in
            let url = server.url
            return try await onOwnThread {
                try HTTPClient(userAgent: "test/1", stop: StopSignal()).get(url + "/coins/markets")
            }
        }
        #expect(response.status == 503)
        #expect(response[header: "Retry-After"] == "7")
        #expect(response[header: "etag"] == "W/\"abc\"")
        #expect(response.excerpt == "<html> busy </html>")
    }

    @Test("sends its User-Agent and headers, and unpacks gzip")
    func requestHeaders() async throws {
        let (response, requests) = try await HTTPFixtureServer.run { _, _ in
            HTTPFixtureServer.Answer(200, bytes: Self.zipped, headers: ["Content-Encoding": "gzip"])
        } _: { server in
            let url = server.url
            let response = try await onOwnThread {
                let client = try HTTPClient(userAgent: "test/1", stop: StopSignal())
                _ = try client.get(url + "/first", headers: [("If-None-Match", "\"x\"")])
                return try client.get(url + "/second?ids=a%2Cb", headers: [("x-cg-demo-api-key", "secret")])
            }
            return (response, server.requests)
        }
        #expect(String(decoding: response.body, as: UTF8.self) == "[{\"id\":\"bitcoin\"}]")
        #expect(requests.map(\.path) == ["/first", "/second"])
        #expect(requests[0].headers["if-none-match"] == "\"x\"")
        #expect(requests[1].headers["if-none-match"] == nil, "a header of one request must not stay for the next")
        #expect(requests[1].headers["x-cg-demo-api-key"] == "secret")
        #expect(requests[1].headers["user-agent"] == "test/1")
        #expect(requests[1].headers["accept-encoding"]?.contains("gzip") == true)
        #expect(requests[1].query["ids"] == "a,b")
    }

    @Test("follows no redirect, because the key in the headers would go with it")
    func redirect() async throws {
        let (status, count) = try await HTTPFixtureServer.run { _, _ in
            HTTPFixtureServer.Answer(302, "", headers: ["Location": "/elsewhere"])
        } _: { server in
            let url = server.url
            let status = try await onOwnThread {
                try HTTPClient(userAgent: "test", stop: StopSignal()).get(url).status
            }
            return (status, server.requests.count)
        }
        #expect(status == 302)
        #expect(count == 1)
    }

    @Test("a server that is not there is a reason to try again; a URL that is none is not")
    func unreachable() async throws {
        let errors = try await onOwnThread {
            let client = try HTTPClient(userAgent: "test", stop: StopSignal())
            // Port 1 of loopback: nothing listens there, and the system says so at once.
            return ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://[/"].map { url in
                do throws(HTTPError) {
                    _ = try client.get(url)
                    return HTTPError?.none
                } catch {
                    return error
                }
            }
        }
        #expect(errors.map { $0?.kind } == [.unreachable, .misconfigured, .misconfigured])
        #expect(errors.map { $0?.disposition } == [.retry, .fatal, .fatal])
        #expect(errors[0]?.description.contains("http://127.0.0.1:1/") == true)
    }

    @Test("gives up after its time-out, on a body that is too large, and when stop is requested")
    func limits() async throws {
        let (stop, finished) = (StopSignal(), StopSignal())
        let kinds = try await HTTPFixtureServer.run { request, _ in
            if request.path == "/large" { return HTTPFixtureServer.Answer(200, String(repeating: "x", count: 2_000)) }
            if request.path == "/stop" { stop.request() }
            while !finished.isRequested { try? await Task.sleep(for: .milliseconds(20)) }
            return HTTPFixtureServer.Answer()
        } _: { server in
            let url = server.url
            defer { finished.request() }
            return try await onOwnThread {
                let tight = HTTPClient.Limits(bodyBytes: 1_000)
                let hasty = HTTPClient.Limits(timeout: .milliseconds(300))
                return try [(tight, "/large"), (hasty, "/slow"), (HTTPClient.Limits(), "/stop")].map { limits, path in
                    let client = try HTTPClient(userAgent: "test", limits: limits, stop: stop)
                    do throws(HTTPError) {
                        _ = try client.get(url + path)
                        return HTTPError.Kind?.none
                    } catch {
                        return error.kind
                    }
                }
            }
        }
        #expect(kinds == [.tooLarge, .unreachable, .cancelled])
    }

    @Test("refuses a line break in a header, which would start another header")
    func headerInjection() async throws {
        let kind = try await onOwnThread {
            do throws(HTTPError) {
                _ = try HTTPClient(userAgent: "test", stop: StopSignal())
                    .get("http://127.0.0.1:1/", headers: [("x-key", "a\r\nx-other: b")])
                return HTTPError.Kind?.none
            } catch {
                return error.kind
            }
        }
        #expect(kind == .misconfigured)
    }

    @Test("reads dates as HTTP writes them")
    func dates() {
        let date = EventTime("1994-11-06T08:49:37Z")
        #expect(HTTPClient.date("Sun, 06 Nov 1994 08:49:37 GMT") == date)
        #expect(HTTPClient.date("Sunday, 06-Nov-94 08:49:37 GMT") == date)
        #expect(HTTPClient.date("soon") == nil)
        #expect(HTTPClient.date("") == nil)
    }

    @Test("encodes what RFC 3986 reserves")
    func encoding() {
        #expect(HTTPClient.encoded("01coin,avalanche-2") == "01coin,avalanche-2")
        #expect(HTTPClient.encoded("a b&c=d/é\n") == "a%20b%26c%3Dd%2F%C3%A9%0A")
    }
}
