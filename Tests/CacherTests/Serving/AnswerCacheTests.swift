import NIOCore
import NIOPosix
import Shared
import Testing

@testable import Cacher

/// Answers that are given more than once.
@Suite("AnswerCache")
struct AnswerCacheTests {
    /// What was asked, with the promises of the answers.
    private final class Source {
        var asked: [(request: APIRequest, promise: EventLoopPromise<Answer>)] = []
    }

    private func onLoop(_ body: @escaping @Sendable (any EventLoop) throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let end: Result<Void, any Error>
        do {
            end = .success(try await loop.submit { try body(loop) }.get())
        } catch {
            end = .failure(error)
        }
        try await group.shutdownGracefully()
        try end.get()
    }

    private static func cache(_ source: Source, on loop: any EventLoop) -> AnswerCache {
        AnswerCache(on: loop) { request in
            let promise = loop.makePromise(of: Answer.self)
            source.asked.append((request, promise))
            return promise.futureResult
        }
    }

    private static func answer() -> Answer {
        [UInt8]("{}".utf8).withUnsafeBytes { Answer($0, contentType: "application/json", cacheControl: "no-cache") }
    }

    @Test("those who ask the same at the same time, or within a second, cost one question")
    func shared() async throws {
        try await onLoop { loop in
            let source = Source()
            let cache = Self.cache(source, on: loop)
            let request = APIRequest.price(CoinKey(coinID: "bitcoin", vsCurrency: "usd"))
            let first = (0..<100).map { _ in cache.answer(request) }
            #expect(source.asked.count == 1)
            source.asked.first?.promise.succeed(Self.answer())
            let statuses = first.map { try? $0.assumeIsolated().syncResult()?.status }
            #expect(statuses == Array(repeating: 200, count: 100))
            _ = cache.answer(request)
            _ = cache.answer(.price(CoinKey(coinID: "ethereum", vsCurrency: "usd")))
            #expect(source.asked.count == 2)
            source.asked.last?.promise.succeed(Self.answer())
        }
    }

    @Test("a problem is not kept")
    func problem() async throws {
        try await onLoop { loop in
            let source = Source()
            let cache = Self.cache(source, on: loop)
            for count in 1...2 {
                _ = cache.answer(.status)
                #expect(source.asked.count == count)
                source.asked.last?.promise.succeed(Answer(Problem.unavailable("Redis is away")))
            }
        }
    }

    @Test("no more than so many different questions are under way; the next is told to come again")
    func bounded() async throws {
        try await onLoop { loop in
            let source = Source()
            let cache = Self.cache(source, on: loop)
            for number in 0..<AnswerCache.maximumCount {
                _ = cache.answer(.price(CoinKey(coinID: "c\(number)", vsCurrency: "usd")))
            }
            let refused = cache.answer(.status)
            let status = try refused.assumeIsolated().syncResult()?.status
            #expect(status == 503)
            for asked in source.asked { asked.promise.succeed(Self.answer()) }
            // All that are kept are young, and make room for a new question nevertheless.
            _ = cache.answer(.status)
            #expect(source.asked.last?.request == .status)
            source.asked.last?.promise.succeed(Self.answer())
        }
    }
}

extension EventLoopFuture.Isolated {
    /// The value, if there is one already.
    fileprivate func syncResult() throws -> Value? {
        var result: Result<Value, any Error>?
        whenComplete { result = $0 }
        return try result?.get()
    }
}
