import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Shared

@Suite("DedicatedThread")
struct DedicatedThreadTests {
    private struct Oops: Error, Equatable {}

    @Test("its work runs on a thread of its own, by the given name cut to 15 bytes")
    func named() async throws {
        let name = try await DedicatedThread.run(name: "a-name-that-is-too-long") {
            try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
        }
        #expect(name == "a-name-that-is-\n")
    }

    @Test("a thread counts as running while its work lasts")
    func running() async throws {
        #expect(try await DedicatedThread.run(name: "counted") { DedicatedThread.running } >= 1)
    }

    @Test("what the work throws reaches the one who waits")
    func throwing() async {
        await #expect(throws: Oops()) {
            try await DedicatedThread.run(name: "thrower") { throw Oops() }
        }
    }

    @Test("work is waited for as long as it is wanted, and left behind then")
    func leftBehind() async throws {
        #expect(try DedicatedThread.run(name: "quick", while: { false }, { 7 }) ?? 7 == 7)
        let release = StopSignal()
        let isDone = Atomic<Bool>(false)
        var questions = 0
        let answer = try DedicatedThread.run(
            name: "slow",
            while: {
                questions += 1
                return questions < 3
            },
            { () -> Bool in
                release.sleep(for: .seconds(600))
                isDone.store(true, ordering: .releasing)
                return true
            }
        )
        #expect(answer == nil)
        #expect(questions == 3)
        release.request()
        try await eventually("it ends all the same") { isDone.load(ordering: .acquiring) }
    }

    @Test("blocking work doesn't hold the cooperative pool: many more blockers than cores, and async code still runs")
    func many() async throws {
        let stop = StopSignal()
        let count = 64
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<count {
                group.addTask { try await DedicatedThread.run(name: "blocker") { stop.sleep(for: .seconds(600)) } }
            }
            // Runs only if a thread of the pool is free for it.
            group.addTask {
                stop.request()
                return true
            }
            var results = 0
            for try await result in group where result { results += 1 }
            #expect(results == count + 1)
        }
    }
}
