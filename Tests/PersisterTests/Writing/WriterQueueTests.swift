import Shared
import Testing

@testable import Persister

@Suite("Which batch is written next")
struct WriterQueueTests {
    private let start = ContinuousClock.now
    private let first = TopicPartition(topic: "t", partition: 1)
    private let second = TopicPartition(topic: "t", partition: 2)

    private func at(_ seconds: Int) -> ContinuousClock.Instant {
        start.advanced(by: .seconds(seconds))
    }

    private func batch(_ source: TopicPartition, rows: Int = 4) -> Batch {
        Ticks.batch((0..<rows).map { Ticks.json(Ticks.tick($0)) }, source: source)
    }

    private func take(_ queue: inout WriterQueue, at seconds: Int) -> WriterJob? {
        guard case .write(let job) = queue.next(now: at(seconds)) else { return nil }
        return job
    }

    private func fail(_ job: WriterJob, with code: String, in queue: inout WriterQueue, at seconds: Int) -> Bool {
        var job = job
        job.failed(PostgresError(sqlState: SQLState(code), message: code), now: at(seconds), random: 0)
        return queue.retry(job)
    }

    @Test("A batch that waits after trouble holds up its partition, and no other")
    func guilty() throws {
        var queue = WriterQueue()
        queue.submit(batch(first), now: at(0))
        let job = try #require(take(&queue, at: 0))
        #expect(!queue.hasRoom(for: first))
        #expect(queue.hasRoom(for: second))
        let isNews = fail(job, with: "40001", in: &queue, at: 0)
        #expect(isNews)
        #expect(queue.trouble(now: at(0))?.contains("40001") == true)
        #expect(queue.trouble(of: [second], now: at(0)) == nil)
        queue.submit(batch(second), now: at(0))
        let other = take(&queue, at: 0)
        #expect(other?.batch.source == second)
        let none = take(&queue, at: 0)
        #expect(none == nil)
        let again = try #require(take(&queue, at: 1))
        #expect(again.batch.source == first)
        #expect(queue.trouble(now: at(1))?.contains("40001") == true)
        // The second failure waits twice as long, and is no news.
        let isNewsAgain = fail(again, with: "40001", in: &queue, at: 1)
        #expect(!isNewsAgain)
        let early = take(&queue, at: 2)
        #expect(early == nil)
        let late = take(&queue, at: 3)
        #expect(late?.batch.source == first)
    }

    @Test("Another attempt sends the dead letters that the one before did not, also those in front of them")
    func deadLetters() throws {
        var queue = WriterQueue()
        queue.submit(batch(first), now: at(0))
        var job = try #require(take(&queue, at: 0))
        func letters(_ offsets: Int64...) -> [DeadLetter] {
            offsets.map {
                DeadLetter(source: first, offset: $0, key: nil, value: nil, headers: [], service: "test", error: "bad")
            }
        }
        job.delivered(letters(2))
        job.failed(PostgresError(sqlState: SQLState("08006"), message: "gone"), now: at(0), random: 0)
        #expect(job.undelivered(letters(1, 2, 3)) == letters(1, 3))
    }

    @Test("A server that is back for one batch is tried at once for those that waited for it, not for the others")
    func back() throws {
        var queue = WriterQueue()
        let third = TopicPartition(topic: "t", partition: 3)
        for partition in [first, second, third] { queue.submit(batch(partition), now: at(0)) }
        for code in ["08006", "08006", "40001"] {
            // Each for the fourth time, so that the waits are long.
            var job = try #require(take(&queue, at: 0))
            for _ in 0..<3 {
                job.failed(PostgresError(sqlState: SQLState(code), message: code), now: at(0), random: 0)
            }
            _ = fail(job, with: code, in: &queue, at: 0)
        }
        let early = take(&queue, at: 3)
        #expect(early == nil)
        var job = try #require(take(&queue, at: 4))
        job.wrote(BatchWriter.Result(rows: 4))
        #expect(job.batch.source == first)
        let isEnd = queue.finish(job, now: at(4))
        #expect(!isEnd)
        let next = take(&queue, at: 4)
        #expect(next?.batch.source == second)
    }

    @Test("The end of the last trouble is told")
    func recovered() throws {
        var queue = WriterQueue()
        queue.submit(batch(first), now: at(0))
        _ = fail(try #require(take(&queue, at: 0)), with: "08006", in: &queue, at: 0)
        var job = try #require(take(&queue, at: 1))
        job.wrote(BatchWriter.Result(rows: 4))
        let isEnd = queue.finish(job, now: at(1))
        #expect(isEnd)
        #expect(queue.trouble(now: at(1)) == nil)
        guard case .written(_, let result, let seconds) = queue.collect().first else {
            Issue.record("not written")
            return
        }
        #expect(result.rows == 4)
        #expect(seconds == 1)
        let rest = queue.collect()
        #expect(rest.isEmpty)
    }

    @Test("What is too much at once is tried in halves, without delay, down to one row that then waits")
    func halves() throws {
        var job = WriterJob(batch(first), now: at(0))
        let error = PostgresError(sqlState: SQLState("53200"), message: "out of shared memory")
        job.failed(error, now: at(0), random: 0)
        #expect(job.parts.map(\.rows) == [0..<2, 2..<4])
        #expect(job.due == at(0))
        job.failed(error, now: at(0), random: 0)
        #expect(job.parts.map(\.rows) == [0..<1, 1..<2, 2..<4])
        job.failed(error, now: at(0), random: 0)
        #expect(job.parts.count == 3)
        #expect(job.due == at(1))
        for part in job.parts { job.wrote(BatchWriter.Result(rows: part.rows.count)) }
        #expect(job.parts.isEmpty)
        #expect(job.result.rows == 4)
        #expect(job.trouble == nil)
    }

    @Test("No wait is longer than four seconds, so that the Persister is back within five of the database")
    func longestWait() {
        var job = WriterJob(batch(first), now: at(0))
        let error = PostgresError(sqlState: SQLState("53100"), message: "could not extend file")
        for _ in 0..<20 { job.failed(error, now: at(0), random: 0) }
        #expect(job.due == at(4))
    }

    @Test("A server that is silent for seconds counts as trouble before anything has failed")
    func slow() throws {
        var queue = WriterQueue()
        queue.submit(batch(first), now: at(0))
        _ = try #require(take(&queue, at: 0))
        #expect(queue.trouble(now: at(5)) == nil)
        #expect(queue.trouble(now: at(6))?.contains("6 s") == true)
        #expect(queue.trouble(of: [second], now: at(6)) == nil)
    }

    @Test("What was given up is not tried again, and a new batch of the partition waits for the old one to end")
    func abandoned() throws {
        var queue = WriterQueue()
        queue.submit(batch(first), now: at(0))
        queue.submit(batch(second), now: at(0))
        let job = try #require(take(&queue, at: 0))
        queue.abandon([first, second])
        #expect(!queue.wants(job))
        #expect(queue.holds([first]))
        #expect(!queue.holds([second]))
        queue.submit(batch(first), now: at(0))
        let early = take(&queue, at: 0)
        #expect(early == nil)
        _ = fail(job, with: "08006", in: &queue, at: 0)
        guard case .dropped(first) = queue.collect().first else {
            Issue.record("not dropped")
            return
        }
        let next = take(&queue, at: 0)
        #expect(next?.batch.source == first)
    }

    @Test("A queue that stops drops what waits")
    func stops() throws {
        var queue = WriterQueue()
        queue.submit(batch(first), now: at(0))
        let job = try #require(take(&queue, at: 0))
        queue.submit(batch(second), now: at(0))
        #expect(queue.byteCount > 0)
        queue.stop()
        #expect(!queue.wants(job))
        guard case .end = queue.next(now: at(0)) else {
            Issue.record("not at the end")
            return
        }
    }
}
