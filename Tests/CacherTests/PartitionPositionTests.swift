import Shared
import Testing

@testable import Cacher

@Suite("Where a partition starts, and starts again")
struct PartitionPositionTests {
    private let place = TopicPartition(topic: "prices.raw", partition: 0)

    private func make() -> PartitionPosition { PartitionPosition(place, key: "position:prices.raw:0") }

    @Test(
        "It starts where both Redis and the group have everything before, and is silent about what was handled",
        arguments: [
            // Redis has it, the group too; or one was faster, before a crash.
            (100, 100, start: 100, silent: 100, refill: nil),
            (100, 90, start: 90, silent: 100, refill: nil),
            (90, 100, start: 90, silent: 100, refill: 120),
            // Redis lost it; the group has it. From where it is worth while, or from the group's offset if that is less.
            (nil, 100, start: 40, silent: 100, refill: 120),
            (nil, 30, start: 30, silent: 30, refill: 120),
            // A first start; a new group.
            (nil, nil, start: 40, silent: 120, refill: 120),
            (100, nil, start: 20, silent: 100, refill: nil),
            // The broker no longer has it.
            (10, 15, start: 20, silent: 15, refill: 120),
            // The topic was made anew.
            (500, 500, start: 20, silent: 0, refill: nil), (nil, 500, start: 40, silent: 120, refill: 120),
        ] as [(Int64?, Int64?, start: Int64, silent: Int64, refill: Int64?)]
    )
    func starts(found: Int64?, committed: Int64?, start: Int64, silent: Int64, refill: Int64?) {
        var position = make()
        let from = position.start(found: found, committed: committed, available: 20..<120, beginning: 40)
        #expect(from == start && position.acknowledged == start)
        #expect(position.silentTo == silent && position.target == refill)
        #expect(position.stored == found ?? -1)
    }

    @Test("What Redis has lost is read again, silently, and the group's offset waits for it")
    func restarts() throws {
        var position = make()
        #expect(position.step(to: 5) == nil, "not before Redis was asked")
        let start = position.start(found: 100, committed: 100, available: 0..<100, beginning: 0)
        #expect(start == 100)
        let first = try #require(position.step(to: 110))
        let wasKept = position.moved(first, found: 100)
        #expect(wasKept && position.acknowledged == 110 && position.silentTo == 0)
        let second = try #require(position.step(to: 115))
        #expect(second.atLeast == 110)
        let isLost = !position.moved(second, found: 60)
        #expect(isLost)
        let again = position.restart(found: 60, next: 115, available: 0..<118, beginning: 0)
        #expect(again == 60)
        #expect(position.isReadAgain && position.silentTo == 115 && position.target == 118)
        // And once more in the middle, all of it now.
        let third = try #require(position.step(to: 80))
        let isThere = position.moved(third, found: 60)
        #expect(third.atLeast == 60 && isThere)
        let fourth = try #require(position.step(to: 90))
        let isGone = !position.moved(fourth, found: -1)
        let beginning = position.restart(found: nil, next: 90, available: 10..<130, beginning: 0)
        #expect(isGone && beginning == 10)
        #expect(position.silentTo == 115 && position.target == 130, "what is past that was never published")
        let fifth = try #require(position.step(to: 116))
        let isWritten = position.moved(fifth, found: -1)
        #expect(fifth.atLeast == -1 && isWritten)
        #expect(!position.isReadAgain && position.target == 130)
        position.caughtUp()
        #expect(position.target == nil)
    }

    @Test("A key of another type keeps no position, and misses none")
    func inTheWay() throws {
        var position = make()
        _ = position.start(found: nil, committed: 7, available: 0..<10, beginning: 0)
        for next in [Int64(8), 9, 10] {
            let step = try #require(position.step(to: next))
            let isWell = position.moved(step, found: -2)
            #expect(isWell && position.acknowledged == next)
        }
    }
}
