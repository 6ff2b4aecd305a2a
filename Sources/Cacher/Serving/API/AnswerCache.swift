import NIOCore

/// Answers that are young enough to be given again, and questions under way: a question that a thousand clients ask at once
/// reaches Redis once. It belongs to one event loop.
final class AnswerCache {
    private enum Entry {
        case asked([EventLoopPromise<Answer>])
        case answered(Answer, at: NIODeadline)
    }

    /// How long an answer is given again.
    static let lifetime = TimeAmount.seconds(1)
    /// How many answers are kept, and how many questions may be under way.
    static let maximumCount = 256
    /// How many bytes of answers are kept.
    static let maximumBytes = 32 << 20

    private var entries: [APIRequest: Entry] = [:]
    private var bytes = 0
    private let loop: any EventLoop
    private let ask: (APIRequest) -> EventLoopFuture<Answer>

    /// - Parameter ask: finds an answer; its future belongs to `loop`.
    init(on loop: any EventLoop, ask: @escaping (APIRequest) -> EventLoopFuture<Answer>) {
        (self.loop, self.ask) = (loop, ask)
    }

    /// The answer to a question: a young one, or a new one.
    func answer(_ request: APIRequest) -> EventLoopFuture<Answer> {
        if case .answered(let answer, let time) = entries[request], NIODeadline.now() - time < Self.lifetime {
            return loop.makeSucceededFuture(answer)
        }
        let promise = loop.makePromise(of: Answer.self)
        if case .asked(let others) = entries[request] {
            entries[request] = .asked(others + [promise])
            return promise.futureResult
        }
        guard makeRoom() else {
            promise.succeed(Answer(Problem.unavailable("too many different questions at once; try again")))
            return promise.futureResult
        }
        remove(request)
        entries[request] = .asked([promise])
        ask(request).assumeIsolated().whenComplete { [self] result in
            let answer = (try? result.get()) ?? Answer(Problem.unavailable("stopping"))
            guard case .asked(let promises) = entries.removeValue(forKey: request) else { return }
            keep(answer, of: request)
            for promise in promises { promise.succeed(answer) }
        }
        return promise.futureResult
    }

    private func keep(_ answer: Answer, of request: APIRequest) {
        guard answer.status == 200, bytes + answer.size <= Self.maximumBytes else { return }
        entries[request] = .answered(answer, at: .now())
        bytes += answer.size
    }

    private func remove(_ request: APIRequest) {
        if case .answered(let answer, _) = entries.removeValue(forKey: request) { bytes -= answer.size }
    }

    /// Drops answers that are too old, when there are many; false when all are questions under way.
    private func makeRoom() -> Bool {
        guard entries.count >= Self.maximumCount || bytes > Self.maximumBytes / 2 else { return true }
        let now = NIODeadline.now()
        for (request, entry) in entries {
            if case .answered(_, let time) = entry, now - time >= Self.lifetime { remove(request) }
        }
        if entries.count >= Self.maximumCount {
            for (request, entry) in entries {
                if case .answered = entry { remove(request) }
            }
        }
        return entries.count < Self.maximumCount
    }
}

extension Answer {
    /// About how much memory it takes.
    fileprivate var size: Int { body.readableBytes + (compressed?.readableBytes ?? 0) }
}
