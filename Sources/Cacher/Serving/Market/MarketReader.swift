import Dispatch
import Logging
import NIOCore
import Shared
import Synchronization

/// Answers questions on a thread of its own, one after the other: hiredis blocks.
final class MarketReader: Sendable {
    private struct Question {
        let request: APIRequest
        let promise: EventLoopPromise<Answer>
    }

    private struct State {
        var questions: [Question] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let hasWork = DispatchSemaphore(value: 0)
    private let settings: ServeSettings
    private let traffic: StreamTraffic
    private let metrics: ServeMetrics

    init(settings: ServeSettings, traffic: StreamTraffic, metrics: ServeMetrics) {
        (self.settings, self.traffic, self.metrics) = (settings, traffic, metrics)
    }

    /// Starts the thread.
    /// - Throws: ``ThreadError`` if the system has no thread left.
    func start() throws(ThreadError) {
        try DedicatedThread.start(name: "market") { [self] in run() }
    }

    /// Finds the answer; how many questions wait is bounded by the ``AnswerCache``, which asks each once.
    func answer(_ request: APIRequest, on loop: any EventLoop) -> EventLoopFuture<Answer> {
        let question = Question(request: request, promise: loop.makePromise())
        let isTaken = state.withLock { state in
            guard !state.isStopped else { return false }
            state.questions.append(question)
            return true
        }
        if isTaken {
            hasWork.signal()
        } else {
            question.promise.succeed(Answer(Problem.unavailable("stopping")))
        }
        return question.promise.futureResult
    }

    /// Ends the thread; what waits is answered with 503.
    func stop() {
        state.withLock { $0.isStopped = true }
        hasWork.signal()
    }

    private func run() {
        let market = RedisMarket(url: settings.redis, timeout: settings.redisTimeout, keys: settings.keys)
        var answers = MarketAnswers(market: market, traffic: traffic)
        var redis = RedisAvailability(cap: ServeSettings.longestPause)
        var lastError = RedisError(.connection, "not asked yet")
        while true {
            hasWork.wait()
            let (questions, isStopped) = state.withLock { state in
                defer { state.questions = [] }
                return (state.questions, state.isStopped)
            }
            for question in questions {
                // After a failure the next questions are answered at once, until Redis is due to be asked again.
                let isDue = redis.turn(at: .now) != .wait
                var answer: Answer?
                if isDue, !isStopped {
                    do throws(RedisError) {
                        answer = try answers.answer(question.request)
                        redis.wrote(at: .now)
                    } catch {
                        metrics.redisFailures.increment()
                        if error.isAboutQuestion {
                            // About this question alone, such as a key of another program: Redis is there.
                            answer = Self.excuse(question.request, error, &answers)
                        } else {
                            lastError = error
                            market.disconnect()
                            _ = redis.failed(at: .now, random: .random(in: 0..<1))
                        }
                    }
                }
                question.promise.succeed(answer ?? Self.excuse(question.request, lastError, &answers))
            }
            if isStopped { return }
        }
    }

    private static func excuse(_ request: APIRequest, _ error: RedisError, _ answers: inout MarketAnswers) -> Answer {
        if request == .status { return answers.status(without: error) }
        return Answer(Problem.unavailable(error.isAboutQuestion ? "\(error)" : "Redis is away: \(error)"))
    }
}
