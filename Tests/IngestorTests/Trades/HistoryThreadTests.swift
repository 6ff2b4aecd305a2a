import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("The history's thread", .ownThread)
struct HistoryThreadTests {
    @Test("answers come one by one, a server that is away is an answer too, and the thread ends")
    func answers() async throws {
        try await HTTPFixtureServer.run(answering: { request, number in
            number == 1 ? .init(429, "slowly", headers: ["Retry-After": "7"]) : .init(200, request.path)
        }) { server in
            let history = try HistoryThread(userAgent: "test", limits: HTTPClient.Limits(), stop: StopSignal())
            defer { history.end() }
            #expect(history.take()?.product == nil)
            history.ask(server.url + "/trades", of: 4)
            var answer = try #require(await Self.wait(for: history))
            #expect(answer.product == 4)
            #expect(try answer.response.get().status == 200)
            #expect(try answer.response.get().body == Array("/trades".utf8))
            history.ask(server.url + "/trades", of: 5)
            answer = try #require(await Self.wait(for: history))
            #expect(try answer.response.get().status == 429)
            #expect(try answer.response.get()[header: "retry-after"] == "7")
            history.ask("http://127.0.0.1:1/nobody", of: 6)
            answer = try #require(await Self.wait(for: history))
            #expect(answer.product == 6)
            #expect(throws: HTTPError.self) { try answer.response.get() }
            #expect(history.take()?.product == nil)
        }
    }

    private static func wait(for history: HistoryThread) async throws -> HistoryThread.Answer? {
        for _ in 0..<2_000 {
            if let answer = history.take() { return answer }
            try await Task.sleep(for: .milliseconds(5))
        }
        return nil
    }
}
