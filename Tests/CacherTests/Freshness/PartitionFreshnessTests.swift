import Shared
import Testing

@testable import Cacher

@Suite("What is counted of a partition")
struct PartitionFreshnessTests {
    /// What happens to a partition.
    enum Event {
        /// A record with that offset was handed out.
        case read(Int64)
        /// Redis has all of it.
        case acknowledged
        /// The stored entry was read: its offset and count, or nothing; and the position by then.
        case restored((offset: Int64, records: Int64)?, position: Int64)
        /// The partition ends there.
        case ends(Int64)
        /// Exactly that is written: offset and count; nil: nothing.
        case writes((offset: Int64, records: Int64)?)
    }

    @Test(
        "Every record counts once, whatever comes again",
        arguments: [
            // A new partition; nothing is written before the stored entry has been asked for.
            (
                "new",
                [.writes(nil), .restored(nil, position: 0), .writes((0, 0)), .read(0), .acknowledged, .writes((1, 1))]
            ),
            // The markers of transactions have offsets and are no records.
            ("markers", [.restored(nil, position: 7), .read(8), .read(11), .acknowledged, .writes((12, 2))]),
            // What Redis hasn't acknowledged isn't written yet.
            ("in hand", [.restored(nil, position: 0), .read(0), .acknowledged, .read(1), .writes((1, 1))]),
            // A restart behind what was stored, as after a clean stop.
            (
                "clean",
                [.restored((10, 9), position: 10), .writes((10, 9)), .read(10), .acknowledged, .writes((11, 10))]
            ),
            // A crash between the entry and the commit: 8 and 9 come again.
            (
                "crash",
                [.restored((10, 9), position: 8), .read(8), .read(9), .read(10), .acknowledged, .writes((11, 10))]
            ),
            // The same, with the records before the entry was read: one batch acknowledged, one in hand.
            (
                "early",
                [
                    .read(8), .read(9), .acknowledged, .read(10), .writes(nil), .restored((9, 9), position: 11),
                    .writes((10, 10)), .acknowledged, .writes((11, 11)),
                ]
            ),
            // A new group reads everything again: the offset stays where it was until something is new.
            (
                "replay",
                [
                    .restored((3, 3), position: 0), .read(0), .acknowledged, .ends(3), .writes((3, 3)), .read(1),
                    .read(2), .acknowledged, .writes((3, 3)), .read(3), .acknowledged, .writes((4, 4)),
                ]
            ),
            // Nobody counted for a while, for example an older version.
            ("gap", [.restored((10, 9), position: 50), .read(50), .acknowledged, .writes((51, 10))]),
            // The topic was made anew: its end says so, and what came by then counts.
            (
                "anew",
                [
                    .restored((100, 90), position: 0), .read(0), .read(1), .acknowledged, .read(2), .writes((100, 90)),
                    .ends(3), .writes((2, 92)), .read(3), .acknowledged, .writes((4, 94)),
                ]
            ),
            ("anew and empty", [.restored((100, 90), position: 0), .ends(0), .writes((0, 90))]),
            // An end below the stored offset is nothing new when records are not coming again.
            ("old end", [.restored((10, 9), position: 10), .ends(7), .writes((10, 9))]),
        ] as [(String, [Event])]
    )
    func counts(name: String, events: [Event]) {
        var partition = PartitionFreshness(TopicPartition(topic: "t", partition: 0), field: "t:0")
        for (step, event) in events.enumerated() {
            switch event {
            case .read(let offset): partition.read(offset, nil)
            case .acknowledged:
                partition.mark()
                partition.acknowledge()
            case .restored(let stored, let position):
                let entry = stored.map {
                    FreshnessEntry(offset: $0.offset, records: $0.records, writtenAt: EventTime(milliseconds: 0))
                }
                partition.restore(entry, position: position)
            case .ends(let end): partition.measure(lag: nil, end: end)
            case .writes(let expected):
                let entry = partition.due(at: EventTime(milliseconds: 1))
                #expect(entry?.offset == expected?.offset, "\(name), step \(step)")
                #expect(entry?.records == expected?.records, "\(name), step \(step)")
            }
        }
    }

    @Test("The newest event time stays, also that of before a restart; what has none changes nothing")
    func eventTimes() {
        func newest(_ times: [Int64?], stored: Int64?) -> EventTime? {
            var partition = PartitionFreshness(TopicPartition(topic: "t", partition: 0), field: "t:0")
            let entry = FreshnessEntry(
                offset: 1,
                records: 1,
                eventTime: stored.map { EventTime(milliseconds: $0) },
                writtenAt: EventTime(milliseconds: 0)
            )
            for (offset, time) in times.enumerated() {
                if offset == 1 { partition.restore(entry, position: 1) }
                partition.read(Int64(offset), time.map { EventTime(milliseconds: $0) })
            }
            partition.mark()
            partition.acknowledge()
            return partition.due(at: EventTime(milliseconds: 1))?.eventTime
        }
        #expect(newest([5, 9, 7], stored: 6) == EventTime(milliseconds: 9))
        #expect(newest([9, nil, 7], stored: nil) == EventTime(milliseconds: 9))
        #expect(newest([5, 7, nil], stored: 8) == EventTime(milliseconds: 8))
        #expect(newest([-5, nil], stored: nil) == EventTime(milliseconds: -5))
        #expect(newest([nil, nil], stored: nil) == nil)
    }

    @Test("An entry is written when something changed, when it is old, and when the clock was set back")
    func due() throws {
        var partition = PartitionFreshness(TopicPartition(topic: "t", partition: 0), field: "t:0")
        partition.restore(nil, position: 4)
        func write(at seconds: Int64) -> Bool {
            guard let entry = partition.due(at: EventTime(milliseconds: seconds * 1_000)) else { return false }
            #expect(entry.writtenAt == EventTime(milliseconds: seconds * 1_000))
            partition.wrote(entry)
            return true
        }
        #expect(write(at: 100))
        #expect(!write(at: 101))
        partition.measure(lag: 3, end: 7)
        #expect(write(at: 101))
        partition.measure(lag: 3, end: 7)
        #expect(!write(at: 105))
        #expect(write(at: 106))
        partition.read(4, nil)
        #expect(!write(at: 107), "it isn't acknowledged")
        partition.mark()
        partition.acknowledge()
        #expect(write(at: 107))
        #expect(!write(at: 108))
        #expect(write(at: 50))
        partition.measure(lag: nil, end: nil)
        #expect(write(at: 51), "what is no longer known is left out")
    }
}
