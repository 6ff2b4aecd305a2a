import Shared
import Testing

@testable import Persister

@Suite("Which dead letters are meant")
struct DeadLetterFilterTests {
    private let letter = Letters.letter(service: "cacher", reason: "The price at byte 7 is odd", sqlState: "23514")
    private let time = EventTime(milliseconds: 1_795_348_800_000)

    @Test("Each condition takes what it names and nothing else, and all must hold")
    func conditions() {
        #expect(DeadLetterFilter().takes(letter) && DeadLetterFilter().takesAll)
        #expect(DeadLetterFilter(service: "cacher").takes(letter))
        #expect(!DeadLetterFilter(service: "persister").takes(letter))
        for reason in ["price AT byte", "23514"] {
            #expect(DeadLetterFilter(reason: reason).takes(letter), "\(reason)")
        }
        for reason in ["size", "235"] { #expect(!DeadLetterFilter(reason: reason).takes(letter), "\(reason)") }
        #expect(DeadLetterFilter(topic: "prices.raw").takes(letter))
        #expect(!DeadLetterFilter(topic: "prices.alerts").takes(letter))
        #expect(!DeadLetterFilter(service: "cacher", topic: "prices.alerts").takes(letter))
    }

    @Test("A topic is meant with KAFKA_TOPIC_PREFIX and without")
    func prefix() {
        let letter = Letters.letter(in: TopicPartition(topic: "test.prices.raw", partition: 0))
        #expect(DeadLetterFilter(topic: "prices.raw", prefix: "test.").takes(letter))
        #expect(DeadLetterFilter(topic: "test.prices.raw", prefix: "test.").takes(letter))
        #expect(!DeadLetterFilter(topic: "prices.raw").takes(letter))
    }

    @Test("A time is from its first instant up to, without, its last; a record without one is never in it")
    func times() {
        let later = EventTime(microseconds: time.microseconds + 1)
        #expect(DeadLetterFilter(from: time, to: later).takes(letter))
        #expect(!DeadLetterFilter(from: later).takes(letter))
        #expect(!DeadLetterFilter(to: time).takes(letter))
        let timeless = Letters.letter(milliseconds: nil)
        #expect(!DeadLetterFilter(from: .earliest).takes(timeless) && !DeadLetterFilter(to: .latest).takes(timeless))
        #expect(DeadLetterFilter().takes(timeless))
    }

    @Test("What no service of ours wrote is meant only without conditions about what it says")
    func foreign() {
        let foreign = Letters.stored([], milliseconds: 1_795_348_800_000)
        #expect(DeadLetterFilter().takes(foreign) && DeadLetterFilter(from: time).takes(foreign))
        #expect(!DeadLetterFilter(service: "cacher").takes(foreign) && !DeadLetterFilter(reason: "").takes(foreign))
    }
}
