import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Ingestor

@Suite("The inbox of a feed", .ownThread, .timeLimit(.minutes(5)))
struct FeedInboxTests {
    private func put(_ text: String, into inbox: FeedInbox) -> Bool {
        inbox.append { batch in
            let start = batch.bytes.count
            batch.bytes += Array(text.utf8)
            let kind = FeedBatch.Entry.Kind.message(start..<batch.bytes.count)
            batch.entries.append(FeedBatch.Entry(connection: 0, kind: kind))
        }.isFull
    }

    @Test("what came is taken once, in its order")
    func once() {
        let inbox = FeedInbox()
        var batch = FeedBatch()
        #expect(!put("a", into: inbox) && !put("bc", into: inbox))
        inbox.take(into: &batch, waiting: .seconds(60))
        #expect(batch.bytes == Array("abc".utf8))
        #expect(batch.entries.map(\.kind) == [.message(0..<1), .message(1..<3)])
        inbox.take(into: &batch, waiting: .zero)
        #expect(batch.bytes.isEmpty && batch.entries.isEmpty)
    }

    @Test("a wait ends when something comes, and when its time is over")
    func waits() {
        let inbox = FeedInbox()
        var batch = FeedBatch()
        let start = ContinuousClock.now
        inbox.take(into: &batch, waiting: .milliseconds(50))
        #expect(ContinuousClock.now - start >= .milliseconds(50))
        #expect(batch.entries.isEmpty)
        for _ in 0..<20 {
            Thread.detachNewThread { _ = put("x", into: inbox) }
            inbox.take(into: &batch, waiting: .seconds(200))
            #expect(batch.bytes == [120])
        }
        #expect(ContinuousClock.now - start < .seconds(150))
    }

    @Test("more than the limit is full until it is taken, and then it says so once")
    func full() {
        let inbox = FeedInbox(limitBytes: 1000)
        let calls = Mutex(0)
        inbox.whenEmptied { calls.withLock { $0 += 1 } }
        var batch = FeedBatch()
        #expect(!put("x", into: inbox))
        inbox.take(into: &batch, waiting: .zero)
        #expect(calls.withLock { $0 } == 0)
        #expect(put(String(repeating: "x", count: 1000), into: inbox))
        #expect(put("y", into: inbox))
        inbox.take(into: &batch, waiting: .zero)
        #expect(calls.withLock { $0 } == 1)
        #expect(batch.bytes.count == 1001)
        #expect(!put("z", into: inbox))
        let entries = 1000 / MemoryLayout<FeedBatch.Entry>.stride + 1
        #expect((0..<entries).map { _ in put("", into: inbox) }.last == true, "empty messages take room too")
        inbox.whenEmptied(nil)
        inbox.take(into: &batch, waiting: .zero)
        #expect(calls.withLock { $0 } == 1)
    }

    @Test("with a writer and a taker at full speed nothing is lost, doubled or out of order")
    func race() {
        let inbox = FeedInbox(limitBytes: 4096)
        Thread.detachNewThread {
            for number in 0..<50_000 { _ = put("\(number);", into: inbox) }
        }
        var batch = FeedBatch()
        var next = 0
        while next < 50_000 {
            inbox.take(into: &batch, waiting: .milliseconds(1 + next % 3))
            let numbers = String(decoding: batch.bytes, as: UTF8.self).split(separator: ";").map { Int($0) }
            #expect(numbers == (next..<next + numbers.count).map { $0 })
            next += numbers.count
            guard numbers == (next - numbers.count..<next).map({ $0 }) else { return }
        }
    }
}
