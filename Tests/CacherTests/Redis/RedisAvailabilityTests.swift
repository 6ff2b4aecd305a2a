import Testing

@testable import Cacher

@Suite("What the Cacher does about Redis")
struct RedisAvailabilityTests {
    private enum Event {
        case answered, wrote, failed
    }

    /// Each step: seconds since the start, what happened then, what is to be done then, and whether Redis counts as away.
    @Test(
        "Every event has its next turn",
        arguments: [
            // Asked before the first record; then it works, and is asked again when it went unheard for 2 s.
            [(0, nil, .ask, false), (0, .answered, .work, false), (2, nil, .work, false), (2.1, nil, .ask, false)],
            // A write counts as heard.
            [(0, .answered, .work, false), (1.9, .wrote, .work, false), (3.5, nil, .work, false)],
            // Away: left alone for a while (250 ms, then 500), then asked.
            [
                (0, .answered, .work, false), (1, .failed, .wait, true), (1.2, nil, .wait, true),
                (1.25, nil, .ask, true), (1.25, .failed, .wait, true), (1.7, nil, .wait, true),
                (1.75, nil, .ask, true), (1.75, .answered, .work, false),
            ],
            // A full Redis answers and refuses to write: the waits grow, until it has taken a batch.
            [
                (0, .failed, .wait, true), (0.25, .answered, .work, false), (0.25, .failed, .wait, true),
                (0.6, nil, .wait, true), (0.75, .answered, .work, false), (0.75, .wrote, .work, false),
                (1, .failed, .wait, true), (1.25, nil, .ask, true),
            ],
        ] as [[(Double, Event?, RedisAvailability.Turn, Bool)]]
    )
    private func turns(steps: [(Double, Event?, RedisAvailability.Turn, Bool)]) {
        let start = ContinuousClock.now
        var redis = RedisAvailability()
        for (seconds, event, turn, isAway) in steps {
            let now = start.advanced(by: .seconds(seconds))
            switch event {
            case .answered: redis.answered(at: now)
            case .wrote: redis.wrote(at: now)
            case .failed: _ = redis.failed(at: now, random: 0)
            case nil: break
            }
            #expect(redis.turn(at: now) == turn, "\(seconds) s")
            #expect(redis.isAway == isAway, "\(seconds) s")
        }
    }

    @Test("It is never left alone for longer than four seconds, so that the Cacher is back within five of it")
    func cap() {
        var redis = RedisAvailability()
        let delays = (0..<20).map { _ in redis.failed(at: .now, random: 0) }
        #expect(delays.max() == .seconds(4))
        #expect(delays == delays.sorted())
    }
}
