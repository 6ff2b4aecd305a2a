import Shared
import TestSupport
import Testing

@testable import Persister

/// The table `alert_rules` against a dictionary that takes the same records one by one.
@Suite("Alert rules in the database", .ownThread)
struct AlertRuleTests {
    private static let source = TopicPartition(topic: "test.alerts.rules", partition: 0)

    /// A record of the topic, and what the table is to say of its rule afterwards.
    private struct Record {
        let key: String
        let value: String?
    }

    /// What the table says of a rule: its definition and why its newest record was refused.
    private struct Row: Equatable {
        var definition: String?
        var refusal: String?
    }

    private static func rule(_ id: String, threshold: Int, enabled: Bool = true) -> String {
        """
        {"rule_id":"\(id)","coin_id":"*","vs_currency":"usd","kind":"change_pct","threshold":\(threshold),\
        "window":"5m","cooldown":"15m","enabled":\(enabled)}
        """
    }

    private static func batch(_ records: ArraySlice<Record>) -> Batch {
        var batch = Batch(source: source, table: .alertRules, firstOffset: Int64(records.startIndex))
        let rules = RecordRules(latest: EventTime(microseconds: .max))
        for (offset, record) in zip(records.indices, records) {
            Array(record.key.utf8).withUnsafeBufferPointer { key in
                let value = record.value.map { Array($0.utf8) }
                let time = EventTime(milliseconds: 1_795_305_600_000 + Int64(offset))
                func append(_ value: UnsafeBufferPointer<UInt8>?) {
                    batch.append(
                        offset: Int64(offset),
                        key: key,
                        value: value,
                        recordTime: time,
                        rules: rules,
                        directory: CoinDirectory()
                    )
                }
                if let value { value.withUnsafeBufferPointer(append) } else { append(nil) }
            }
        }
        return batch
    }

    /// The table as rows by rule.
    private static func rows(_ database: TestDatabase) throws -> [String: Row] {
        let lines = try database.psql(
            """
            SELECT rule_id, coalesce(concat_ws(' ', coin_id, vs_currency, kind, threshold, change_window, cooldown, enabled,
                extract(epoch FROM since) * 1000 - 1795305600000), ''), coalesce(refusal, '') FROM alert_rules
            """
        )
        return lines.split(separator: "\n").reduce(into: [:]) { rows, line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            let definition = cells[1].contains("change_pct") ? cells[1] : nil
            rows[cells[0]] = Row(definition: definition, refusal: cells[2].isEmpty ? nil : cells[2])
        }
    }

    @Test("The table says what is in force, since when, or why not", arguments: PostgresServer.all, [1, 2, 3])
    func model(server: PostgresServer, seed: UInt64) throws {
        let database = try TestDatabase(on: server)
        let connection = try database.connect()
        try Positions(connection: connection).start(Self.source, at: 0)
        var writer = try BatchWriter(connection)
        var random = SplitMix64(seed: seed)
        var records: [Record] = []
        var expected: [String: Row] = [:]
        for offset in 0..<300 {
            let id = "rule-\(Int.random(in: 0..<8, using: &random))"
            var row = expected[id] ?? Row()
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                records.append(Record(key: id, value: Self.rule(id, threshold: offset + 1, enabled: offset % 3 > 0)))
                let enabled = offset % 3 > 0 ? "t" : "f"
                row.definition = "* usd change_pct \(offset + 1) 00:05:00 00:15:00 \(enabled) \(offset).000000"
                row.refusal = nil
            case 5..<7:
                records.append(Record(key: id, value: offset % 2 > 0 ? nil : ""))
                row = Row()
            case 7:
                records.append(Record(key: id, value: Self.rule("another", threshold: 1)))
                row.refusal = "the record's key is not its rule_id"
            case 8:
                records.append(Record(key: id, value: Self.rule(id, threshold: 0)))
                row.refusal = "threshold"
            default:
                // Keys that no rule can have: nothing happens.
                records.append(Record(key: String(repeating: "k", count: 257), value: "{}"))
            }
            if records.last?.key == id { expected[id] = row == Row() ? nil : row }
        }
        var start = 0
        while start < records.count {
            let end = min(records.count, start + Int.random(in: 1...40, using: &random))
            _ = try writer.write(Self.batch(records[start..<end])) { Issue.record("dead letters: \($0)") }
            start = end
        }
        let found = try Self.rows(database)
        #expect(Set(found.keys) == Set(expected.keys), "seed \(seed)")
        for (id, row) in expected {
            #expect(found[id]?.definition == row.definition, "\(id), seed \(seed)")
            #expect((found[id]?.refusal == nil) == (row.refusal == nil), "\(id), seed \(seed)")
            if let refusal = row.refusal {
                #expect(found[id]?.refusal?.contains(refusal) == true, "\(id), seed \(seed)")
            }
        }
        #expect(try database.psql("SELECT next_offset FROM processing_metadata") == "300")
    }
}
