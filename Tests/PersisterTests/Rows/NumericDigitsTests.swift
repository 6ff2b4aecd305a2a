import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("Binary rows", .ownThread)
struct BinaryRowTests {
    /// 2^127 - 1 units, the largest price; and numbers around every boundary of the encoding.
    static let edges: [Int128] = {
        var values: [Int128] = [0, 1, .max, .min, .min + 1, 1 << 63, 1 << 64, 1 << 65, 10_000 * Price.unitsPerOne]
        var power: Int128 = 1
        for _ in 0..<38 {
            values += [power, power - 1, power + 1, power * 9]
            power *= 10
        }
        return values + values.map { $0 == .min ? 0 : -$0 }
    }()

    @Test("The server reads every number, time, text and NULL as it was meant", arguments: PostgresServer.all)
    func values(server: PostgresServer) throws {
        let database = try TestDatabase(on: server, migrated: false)
        let connection = try database.connect()
        try connection.execute(
            "CREATE TABLE v (i int, n numeric, m numeric, t timestamptz, s text, b boolean, d interval, u uuid)"
        )
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let values =
            Self.edges
            + (0..<2000).map { _ in
                let bits = Int128(truncatingIfNeeded: random.next()) << 64 | Int128(random.next())
                return bits >> Int128.random(in: 0..<127, using: &random)
            }
        var rows = CopyBuffer()
        for (index, units) in values.enumerated() {
            rows.appendRow(room: 2 + 9 * CopyRow.fieldRoom + 64) { row in
                row.begin(fields: 8)
                row.integer(Int32(index))
                row.numeric(Price(units: units))
                row.numeric(nil)
                row.timestamp(EventTime(microseconds: Int64(truncatingIfNeeded: units % 4_000_000_000_000_000)))
                row.text("é,\"\\\n\(index)")
                row.boolean(index % 2 == 0)
                row.interval(microseconds: Int64(index) * 1_000_000)
                row.uuid(0x0123_4567_89ab_8def, 0x8123_4567_0000_0000 | UInt64(index))
            }
        }
        try rows.withBytes(0..<rows.count) { bytes throws(PostgresError) in
            try connection.copy("COPY v FROM STDIN BINARY", rows: bytes)
        }
        let found = try connection.query(
            """
            SELECT n::text, m IS NULL, (extract(epoch from t) * 1000000)::bigint, s, b, extract(epoch from d)::bigint, u
            FROM v ORDER BY i
            """
        )
        #expect(found.count == values.count)
        for (index, (units, row)) in zip(values, found).enumerated() {
            #expect(row[0] == Price(units: units).description, "units \(units), seed \(seed)")
            #expect(row[1] == "t")
            #expect(row[2] == "\(units % 4_000_000_000_000_000)")
            #expect(row[3] == "é,\"\\\n\(index)")
            #expect(row[4] == (index % 2 == 0 ? "t" : "f"))
            #expect(row[5] == "\(index)")
            #expect(row[6]?.hasPrefix("01234567-89ab-8def-8123-4567") == true)
        }
    }

    @Test("SipHash-2-4 gives the values of its authors' reference code")
    func sipHash() {
        // vectors_sip64 of the reference implementation: key 00…0f, input of n bytes 00, 01, 02, …
        let expected: [(Int, UInt64)] = [
            (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (7, 0xab02_00f5_8b01_d137),
            (8, 0x93f5_f579_9a93_2462), (15, 0xa129_ca61_49be_45e5), (63, 0x958a_324c_eb06_4572),
        ]
        for (count, hash) in expected {
            let bytes = (0..<count).map { UInt8($0) }
            let found = bytes.withUnsafeBytes {
                SipHash.hash($0, key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
            }
            #expect(found == hash, "\(count) bytes")
        }
    }

    @Test("Ids follow event time and are version 8 UUIDs")
    func identity() {
        let content: [UInt8] = [1, 2, 3]
        let ids = content.withUnsafeBytes { bytes in
            [1_700_000_000_000_000, 1_700_000_000_000_001, 1_700_000_000_000_999, 1_700_000_000_001_000].map {
                TickIdentity(time: EventTime(microseconds: $0), content: bytes)
            }
        }
        #expect(ids.map(\.high) == ids.map(\.high).sorted())
        #expect(Set(ids.map(\.high)).count == 4)
        for id in ids {
            #expect(id.high >> 12 & 0xf == 8)
            #expect(id.low >> 62 == 2)
        }
    }
}
