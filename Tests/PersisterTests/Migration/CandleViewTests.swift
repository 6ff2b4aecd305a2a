import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

/// Candles against candles that the test makes itself, whatever order the minutes arrive in.
@Suite("Candle views", .ownThread)
struct CandleViewTests {
    /// The number of the day, counted from 1970 in UTC.
    private static let today = EventTime.now().microseconds / 86_400_000_000

    /// Ten minutes of a day, the first at its half: minute m closes at `day % 100 + m`, plus the revision.
    private static func windows(day: Int64, revision: Int) -> [PriceAggregate] {
        (Int64(0)..<10).map { minute -> PriceAggregate in
            let noon: Int64 = (today - day) * 86_400_000_000 + 43_200_000_000
            let start = EventTime(microseconds: noon + minute * 60_000_000)
            func price(_ whole: Int64) -> Price { Price(units: Int128(whole) * Price.unitsPerOne) }
            let close = day % 100 + minute + Int64(revision) * 1000
            return PriceAggregate(
                coinID: "bitcoin",
                vsCurrency: "usd",
                window: .tumbling,
                windowStart: start,
                windowEnd: EventTime(microseconds: start.microseconds + 60_000_000),
                open: price(day % 100 + minute),
                high: price(close + 5),
                low: price(0),
                close: price(close),
                average: price(close),
                sampleCount: 2,
                firstTickAt: start,
                lastTickAt: EventTime(microseconds: start.microseconds + 1),
                revision: revision
            )
        }
    }

    /// Candles of a day as `open|high|low|close|samples`, worked out from what ``windows(day:revision:)`` promises.
    private static func candles(day: Int64, revision: Int, minutes: Int64) -> [String] {
        stride(from: Int64(0), to: 10, by: Int(minutes)).map { first in
            let last = min(first + minutes, 10) - 1
            let close = day % 100 + last + Int64(revision) * 1000
            return "\(day % 100 + first)|\(close + 5)|0|\(close)|\(2 * (last - first + 1))"
        }
    }

    /// Runs every policy of the database now, as its scheduler would sooner or later.
    private static func runPolicies(_ database: TestDatabase) throws {
        guard try database.psql("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'") == "1" else { return }
        let jobs = try database.psql("SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000 ORDER BY 1")
        for job in jobs.split(separator: "\n") {
            _ = try database.psql("CALL run_job(\(job))")
        }
    }

    @Test("Whatever is in the minutes is in every candle view, whatever came before it", arguments: PostgresServer.all)
    func always(server: PostgresServer) throws {
        let database = try TestDatabase(on: server)
        let source = TopicPartition(topic: "test.prices.aggregates.1m", partition: 0)
        let connection = try database.connect()
        try Positions(connection: connection).start(source, at: 0)
        var writer = try BatchWriter(connection)
        var offset: Int64 = 0
        var revisions: [Int64: Int] = [:]
        // Old days before, after and between live ones; then late revisions of a live, an old and a compressed day.
        let arrivals: [(day: Int64, revision: Int)] = [
            (45, 0), (4, 0), (0, 0), (5, 0), (1, 0), (40, 0), (300, 0), (1, 1), (40, 1), (300, 1), (5, 1), (2, 0),
        ]
        for (day, revision) in arrivals {
            let values = Self.windows(day: day, revision: revision).map(Ticks.json)
            let batch = Ticks.batch(values, into: .aggregates1m, from: offset, source: source)
            offset = batch.nextOffset
            let result = try writer.write(batch) { Issue.record("dead letters: \($0)") }
            #expect(result.rows == values.count)
            revisions[day] = revision
            for policies in [false, true] {
                if policies { try Self.runPolicies(database) }
                let days = revisions.sorted { $0.key > $1.key }
                for (view, minutes) in [("5m", Int64(5)), ("1h", 60), ("1d", 1440)] {
                    let expected = days.flatMap { Self.candles(day: $0.key, revision: $0.value, minutes: minutes) }
                    let candles = try database.psql(
                        """
                        SELECT trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), samples
                        FROM price_candles_\(view) WHERE coin_id = 'bitcoin' AND vs_currency = 'usd' ORDER BY bucket
                        """
                    )
                    let after = "after day \(day), revision \(revision), policies run: \(policies)"
                    #expect(candles.split(separator: "\n").map(String.init) == expected, "\(view) \(after)")
                }
            }
        }
    }

    @Test("Candles of any size say the same as the views", arguments: PostgresServer.all)
    func anySize(server: PostgresServer) throws {
        let database = try TestDatabase(on: server)
        try database.connect().execute(
            """
            INSERT INTO price_aggregates_1m
            SELECT start, start + INTERVAL '1 minute', start, start, n % 4, 0, n % 4 = 0, false, 'coin-' || n % 3, 'usd',
                n, n + 2, n - 2, n + 1, n, 7 * n
            FROM (SELECT n, now()::date - n * INTERVAL '7 minutes' AS start FROM generate_series(3, 500) AS n) AS minute
            """
        )
        for (view, size) in [("5m", "5 minutes"), ("1h", "1 hour"), ("1d", "1 day")] {
            let rows = "SELECT * FROM price_candles_\(view)"
            let same = "SELECT * FROM price_candles('\(size)', '-infinity', 'infinity')"
            let difference = "SELECT count(*) FROM ((\(rows) EXCEPT \(same)) UNION ALL (\(same) EXCEPT \(rows))) AS d"
            #expect(try database.psql(difference) == "0", "\(view)")
            #expect(try database.psql("SELECT count(*) > 3 FROM price_candles_\(view)") == "t", "\(view)")
        }
        let bounded = """
            SELECT min(bucket) = now()::date - INTERVAL '1 day', max(bucket) < now()::date
            FROM price_candles('1 day', now()::date - INTERVAL '1 day', now()::date)
            """
        #expect(try database.psql(bounded) == "t|t")
    }
}
