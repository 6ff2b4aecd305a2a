import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("Dead letters put back, by the command", .ownThread, .serialized)
struct RequeueTests {
    @Test("Listed, shown and put back once: key, value and headers as they were, marked, for those who refused it")
    func command() throws {
        let stage = try DeadLetterStage()
        for number in 1...6 { try stage.tick(number) }
        try stage.flush()
        let before = try stage.ticks()
        try stage.refuse { $0 == 0 ? ["aggregator", "persister", "cacher", "persister"] : ["persister"] }
        let firsts = before.count { $0.offset == 0 }
        let letters = 6 + 3 * firsts

        let list = try stage.run("list", "--service", "persister", "--limit", "2")
        #expect(list.code == 0)
        #expect(list.output.contains("… and \(letters - 2 * firsts - 2) more\n"), "\(list.output)")
        #expect(list.output.contains("  persister   odd at byte #\n") && list.output.contains("  open  odd at byte "))
        let json = try stage.run("list", "--json", "--reason", "BYTE 0")
        #expect(json.output.split(separator: "\n").count == 4 * firsts, "\(json.output)")
        #expect(json.output.contains(#""source_offset":0,"put_back":false,"key":"coin-"#))

        let dry = try stage.run("requeue", "--all", "--dry-run")
        #expect(dry.output.hasSuffix("\(letters) dead letters, as 6 records, would be put back\n"), "\(dry.output)")
        #expect(try stage.ticks() == before && stage.marks() == 0)

        let done = try stage.run("requeue", "--all")
        #expect(done.code == 0 && done.output == "\(letters) dead letters, as 6 records, put back\n", "\(done.output)")
        let after = try stage.ticks()
        #expect(after.count == 12)
        for tick in before {
            let copy = try #require(after.first { $0.value == tick.value && !$0.requeuedFor.isEmpty })
            #expect(copy.key == tick.key && copy.partition == tick.partition)
            #expect(copy.requeuedFor == (tick.offset == 0 ? ["aggregator", "persister", "cacher"] : ["persister"]))
            #expect(copy.headers.suffix(1) == tick.headers && copy.headers.count == 4)
        }
        #expect(try stage.marks() == 6)

        let again = try stage.run("requeue", "--all")
        #expect(again.code == 0)
        #expect(
            again.output == "0 dead letters, as 0 records, put back\n\(letters) were put back before\n",
            "\(again.output)"
        )
        #expect(try stage.ticks() == after)
        #expect(try stage.run("list", "--open").output.hasSuffix("      0         0  in all\n"))
        let shown = try stage.run("show", "\(before[0].partition)@0")
        #expect(shown.code == 0 && shown.output.contains("(the mark is \(before[0].partition)@"), "\(shown.output)")
    }

    @Test("By place and by limit: what is not there is said, and to mean them in two ways is refused")
    func places() throws {
        let stage = try DeadLetterStage()
        for number in 1...6 { try stage.tick(number) }
        try stage.flush()
        try stage.refuse { _ in ["cacher"] }
        let place = try #require(try stage.ticks().first).partition
        let one = try stage.run("requeue", "\(place)@0", "\(place)@999", "7@0")
        #expect(one.code == 1)
        #expect(one.output.contains("1 dead letter, as 1 record, put back\n"), "\(one.output)")
        #expect(one.output.contains("\(place)@999: no such") && one.output.contains("7@0: no such"))
        let two = try stage.run("requeue", "--service", "cacher", "--limit", "2")
        #expect(two.code == 0 && two.output.contains("2 dead letters, as 2 records, put back\n"), "\(two.output)")
        #expect(two.output.contains("1 were put back before\n3 are left for another time"))
        #expect(try stage.ticks().count == 9 && stage.marks() == 3)

        for arguments in [[], ["--all", "0@1"], ["--all", "--reason", "x"], ["--service", "me"], ["0@x"]] {
            let wrong = try ServiceProcess.run(
                "persister",
                ["dead-letters", "requeue"] + arguments,
                environment: stage.environment
            )
            #expect(wrong.code == 64, "\(arguments): \(wrong.output)")
        }
        let missing = try stage.run("show", "0@999")
        #expect(missing.code == 1 && missing.output.contains("has no dead letter at 0@999"), "\(missing.output)")
    }

    @Test("A tick that stood in a wrong partition goes back into its key's")
    func wrongPartition() throws {
        let stage = try DeadLetterStage()
        let key = Array(Ticks.tick(1).coinID.utf8)
        let home = key.withUnsafeBufferPointer { Partitioner.partition(of: $0, among: 2) }
        try stage.tick(1, partition: 1 - home)
        try stage.flush()
        try stage.refuse { _ in ["persister"] }
        #expect(try stage.run("requeue", "--all").code == 0)
        #expect(try stage.ticks().first { !$0.requeuedFor.isEmpty }?.partition == home)
    }

    @Test("A tick that the database refuses is a row once the fault is gone; until then it counts how often it came")
    func row() throws {
        let stage = try Stage(on: PostgresServer.shared.get())
        let limit = "ADD CONSTRAINT eight_decimals CHECK (scale(price) <= 8)"
        _ = try stage.database.psql("ALTER TABLE raw_price_data \(limit)")
        let service = try stage.start()
        let tick = Ticks.tick(3, price: Price(units: 67_187_123_456_789 * 1_000_000_000))
        let raw = try stage.producer.topic(stage.broker.settings.name(.raw))
        try stage.producer.send(to: raw, key: tick.coinID, value: Ticks.json(tick))
        try stage.producer.flush(timeout: .seconds(30))
        func letters() throws -> [TestRecord] {
            try stage.broker.records(of: stage.broker.settings.name(.deadLetter)).filter { $0.value != nil }
        }
        func requeue() throws -> String {
            let arguments = ["dead-letters", "requeue", "--reason", "eight_decimals"]
            return try ServiceProcess.run("persister", arguments, environment: stage.environment()).output
        }
        try service.wait("a dead letter") { try letters().count == 1 ? true : nil }
        #expect(try requeue() == "1 dead letter, as 1 record, put back\n")
        try service.wait("another") { try letters().count == 2 ? true : nil }
        let again = try #require(try letters().last)
        #expect(Requeued(again.headers)?.count == 1 && Requeued(again.headers)?.services == ["persister"])

        _ = try stage.database.psql("ALTER TABLE raw_price_data DROP CONSTRAINT eight_decimals")
        #expect(try requeue() == "1 dead letter, as 1 record, put back\n1 were put back before\n")
        try stage.wait(for: "1", from: "SELECT count(*) FROM raw_price_data WHERE price = 67187.123456789", by: service)
        #expect(try letters().count == 2)
        #expect(service.terminate() == 0)
    }
}
