import Dispatch
import Shared
import Synchronization

/// Asks an exchange for history on a thread of its own, one request at a time, so that the feed goes on meanwhile.
final class HistoryThread: Sendable {
    /// What came of a request.
    struct Answer: Sendable {
        /// The product that was asked for.
        var product: Int
        /// What the exchange said.
        var response: Result<HTTPResponse, HTTPError>
    }

    private struct Work {
        var request: (product: Int, url: String)?
        var answer: Answer?
        var isEnded = false
    }

    private let work = Mutex(Work())
    private let wanted = DispatchSemaphore(value: 0)

    /// Starts the thread.
    /// - Parameters:
    ///   - userAgent: the `User-Agent` header.
    ///   - limits: of each request.
    ///   - caFile: as ``HTTPClient`` takes it.
    ///   - stop: a request under way ends early after it.
    /// - Throws: ``HTTPError`` when libcurl can't start, `ThreadError` when there is no thread.
    init(userAgent: String, limits: HTTPClient.Limits, caFile: String? = nil, stop: StopSignal) throws {
        try DedicatedThread.start(name: "history") { [self] in
            // A client belongs to its thread.
            let client = Result { () throws(HTTPError) in
                try HTTPClient(userAgent: userAgent, limits: limits, caFile: caFile, stop: stop)
            }
            while let (product, url) = next() {
                let response = Result { () throws(HTTPError) in try client.get().get(url) }
                work.withLock { $0.answer = Answer(product: product, response: response) }
            }
        }
    }

    /// Asks; the answer before must have been taken.
    func ask(_ url: String, of product: Int) {
        work.withLock { $0.request = (product, url) }
        wanted.signal()
    }

    /// Takes the answer, if there is one.
    func take() -> Answer? {
        work.withLock { work in
            defer { work.answer = nil }
            return work.answer
        }
    }

    /// Ends the thread once its request is answered; doesn't wait for it.
    func end() {
        work.withLock { $0.isEnded = true }
        wanted.signal()
    }

    private func next() -> (product: Int, url: String)? {
        while true {
            wanted.wait()
            let (request, isEnded) = work.withLock { work in
                defer { work.request = nil }
                return (work.request, work.isEnded)
            }
            if isEnded { return nil }
            if let request { return request }
        }
    }
}
