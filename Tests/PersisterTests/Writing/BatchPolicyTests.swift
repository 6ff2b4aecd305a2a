import Shared
import Testing

@testable import Persister

@Suite("When a batch is written")
struct BatchPolicyTests {
    private let policy = BatchPolicy(rows: 100, bytes: 1000, age: .milliseconds(250))

    @Test(
        "By rows or bytes",
        arguments: [(0, 0, false), (99, 999, false), (100, 0, true), (101, 0, true), (1, 1000, true)]
    )
    func full(rows: Int, bytes: Int, isFull: Bool) {
        #expect(policy.isFull(rows: rows, bytes: bytes) == isFull)
    }

    @Test(
        "By age of its first record",
        arguments: [(nil, false), (0, false), (249, false), (250, true), (9000, true)] as [(Int?, Bool)]
    )
    func due(milliseconds: Int?, isDue: Bool) {
        #expect(policy.isDue(age: milliseconds.map { .milliseconds($0) }) == isDue)
    }

    @Test(
        "A poll never waits past the time when a batch is due",
        arguments: [(nil, 100), (0, 100), (200, 50), (250, 1), (9000, 1)] as [(Int?, Int)]
    )
    func timeout(oldest: Int?, expected: Int) {
        let timeout = policy.pollTimeout(oldest: oldest.map { .milliseconds($0) }, limit: .milliseconds(100))
        #expect(timeout == .milliseconds(expected))
    }
}
