import Shared
import Testing

@testable import Persister

@Suite("Ids of ticks")
struct TickIdentityTests {
    /// A tick in JSON: the four fields that must be there, and some more.
    private static func record(_ more: String = "") -> [UInt8] {
        let fields =
            #""coin_id":"bitcoin","vs_currency":"usd","price":67187.25,"timestamp":"2026-11-22T20:35:00.000001Z""#
        return Array("{\(fields)\(more)}".utf8)
    }

    /// The id of a tick's row as hexadecimal digits, read from where the row has it: behind the number of fields and its length.
    private static func id(_ record: [UInt8]) throws -> String {
        var rows = CopyBuffer()
        try TickRow.append(try ScannedTick(json: record.span), in: record.span, recordTime: nil, to: &rows)
        var bytes: [UInt8] = []
        rows.withBytes(6..<22) { bytes = Array($0) }
        return bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }

    @Test(
        "A tick that is no trade has the id that it had before there were trades",
        arguments: [
            ("", "01a204f821208001bc894fb448bbb3c8"),
            (
                #","source":"coingecko","market_cap":null,"ingested_at":"2026-11-22T20:35:01Z","name":"Bitcoin""#,
                "01a204f82120800199a0882804189934"
            ),
            (
                #","source":"simulator","market_cap":1317802988326.25,"market_cap_rank":1,"total_volume":31260929299.52"#,
                "01a204f821208001bc2d6a1611f8a8cb"
            ),
            (
                #","source":"replay","high_24h":68000,"low_24h":0.000000000000000001,"price_change_percentage_24h":-1.27"#,
                "01a204f821208001a7096c10c3e67d14"
            ),
        ]
    )
    func pinned(more: String, id: String) throws {
        let found = try Self.id(Self.record(more))
        #expect(found == id)
    }

    @Test("Each thing that a tick says of its trade makes another row, and each the same one whenever it is read")
    func trades() throws {
        let said = [
            "", #","trade_id":"1""#, #","trade_id":"2""#, #","trade_id":"buy""#, #","size":1"#, #","size":2"#,
            #","side":"buy""#, #","side":"sell""#, #","size":1,"trade_id":"1""#,
            #","size":1,"trade_id":"1","side":"buy""#,
            #","size":1,"trade_id":"1","side":"sell""#, #","size":1,"trade_id":"2","side":"sell""#,
        ]
        let ids = try said.map { try Self.id(Self.record($0)) }
        #expect(Set(ids).count == said.count)
        #expect(try said.map { try Self.id(Self.record($0)) } == ids)
        // However the number is written, and whatever is null.
        #expect(try Self.id(Self.record(#","side":null,"size":1.0,"trade_id":"\u0031""#)) == ids[8])
        #expect(try Self.id(Self.record(#","side":null,"size":null,"trade_id":null"#)) == ids[0])
        #expect(Set(ids.map { $0.prefix(16) }).count == 1, "the time is in front")
    }

    @Test("The id of a trade never changes")
    func pinnedTrade() throws {
        let trade = #","source":"kraken","size":0.00012345,"trade_id":"74625834","side":"sell""#
        let found = try Self.id(Self.record(trade))
        #expect(found == "01a204f821208001a56323b4d89126c2")
    }
}
