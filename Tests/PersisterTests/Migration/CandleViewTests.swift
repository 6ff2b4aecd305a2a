import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

/// Candles against candles that the test makes itself, whatever order the minutes arrive in.
@Suite("Candle views", .ownThread)
struct CandleViewTests {
    /// The candle views, and how many minutes their candles have.
    private static let views: [(name: String, minutes: Int64)] = [
        ("1m", 1), ("5m", 5), ("15m", 15), ("1h", 60), ("4h", 240), ("1d", 1440),
    ]

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
                if policies { try database.runPolicies() }
                let days = revisions.sorted { $0.key > $1.key }
                for (view, minutes) in Self.views {
                    let expected = days.flatMap { Self.candles(day: $0.key, revision: $0.value, minutes: minutes) }
                    let candles = try database.psql(
                        """
                        SELECT trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), sample_count
                        FROM price_candles_\(view) WHERE coin_id = 'bitcoin' AND vs_currency = 'usd' ORDER BY window_start
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
        // Of coin-0 every minute has trades, of coin-1 some do, of coin-2 none has.
        try database.connect().execute(
            """
            INSERT INTO price_aggregates_1m
            SELECT start, start + INTERVAL '1 minute', start, start, n % 4, 0, n % 4 = 0, false, 'coin-' || n % 3, 'usd',
                n, n + 2, n - 2, n + 1, n, 7 * n,
                CASE WHEN traded THEN n % 4 END, CASE WHEN traded THEN size END, CASE WHEN traded THEN size * n END,
                CASE WHEN traded AND size > 0 THEN n END
            FROM (
                SELECT n, now()::date - n * INTERVAL '7 minutes' AS start, n % 4 * 0.000001 AS size,
                    n % 3 = 0 OR n % 3 = 1 AND n % 5 = 0 AS traded
                FROM generate_series(3, 500) AS n
            ) AS minute
            """
        )
        for (view, minutes) in Self.views {
            let rows = "SELECT * FROM price_candles_\(view)"
            let same = "SELECT * FROM price_candles('\(minutes) minutes', '-infinity', 'infinity')"
            let difference = "((\(rows) EXCEPT \(same)) UNION ALL (\(same) EXCEPT \(rows)))"
            #expect(try database.psql("SELECT count(*) FROM \(difference) AS d") == "0", "\(view)")
            #expect(try database.psql("SELECT count(*) > 3 FROM price_candles_\(view)") == "t", "\(view)")
        }
        let bounded = """
            SELECT min(window_start) = now()::date - INTERVAL '1 day', max(window_start) < now()::date
            FROM price_candles('1 day', now()::date - INTERVAL '1 day', now()::date)
            """
        #expect(try database.psql(bounded) == "t|t")
        let columns = """
            SELECT count(DISTINCT columns), count(*) FROM (
                SELECT string_agg(column_name || ' ' || data_type, ',' ORDER BY ordinal_position) AS columns
                FROM information_schema.columns WHERE table_name LIKE 'price\\_candles\\___%' GROUP BY table_name
            ) AS view
            """
        #expect(try database.psql(columns) == "1|\(Self.views.count)", "every view has the same columns")
        let aliases = "SELECT count(*) FROM price_candles_1h WHERE bucket <> window_start OR samples <> sample_count"
        #expect(try database.psql(aliases) == "0")
    }

    @Test("Volume and VWAP of a candle are those of all its trades", arguments: PostgresServer.all)
    func volumes(server: PostgresServer) throws {
        let database = try TestDatabase(on: server)
        // A big cheap minute and a small dear one: the average of their VWAPs would be 150. Then a quiet minute and one of
        // prices without trades. Of d, one minute's quote volume is too large for a number.
        try database.connect().execute(
            """
            INSERT INTO price_aggregates_1m (window_start, window_end, sample_count, revision, synthetic, partial, coin_id,
                vs_currency, open, high, low, close, average, total_volume, trade_count, volume, quote_volume, vwap)
            SELECT start, start + INTERVAL '1 minute', samples, 0, samples = 0, false, coin, 'usd', 1, 1, 1, 1, 1, 5000,
                trades, volume, quote, vwap
            FROM (
                VALUES ('a', 0, 4, 3, 2.9, 290, 100), ('a', 1, 1, 1, 0.1, 20, 200), ('a', 2, 0, 0, 0, 0, NULL),
                    ('a', 3, 2, NULL, NULL, NULL, NULL), ('b', 0, 0, 0, 0, 0, NULL), ('c', 0, 1, NULL, NULL, NULL, NULL),
                    ('d', 0, 1, 1, 1, 10, 10), ('d', 1, 1, 1, 5, NULL, 3), ('d', 2, 1, NULL, NULL, NULL, NULL)
            ) AS minute (coin, number, samples, trades, volume, quote, vwap),
            LATERAL (SELECT date_trunc('hour', now()) - INTERVAL '1 day' + number * INTERVAL '1 minute' AS start) AS at
            """
        )
        for (view, _) in Self.views.dropFirst() {
            let candles = try database.psql(
                """
                SELECT coin_id, sample_count, trade_count, volume, quote_volume, vwap, total_volume_24h
                FROM price_candles_\(view) ORDER BY 1
                """
            )
            let expected = [
                "a|7|4|3.0|310|103.333333333333333333|5000", "b|0|0|0|0||5000", "c|1|||||5000", "d|3|2|6|||5000",
            ]
            #expect(candles.split(separator: "\n").map(String.init) == expected, "\(view)")
        }
    }

    @Test("VWAP is rounded half to even at 18 places, whatever the size of the numbers")
    func rounding() throws {
        let largest = "170141183460469231731.687303715884105727"
        let cases = [
            ("1", "3", "0.333333333333333333"), ("2", "3", "0.666666666666666667"),
            ("0.000000000000000001", "2", "0"), ("0.000000000000000003", "2", "0.000000000000000002"),
            ("0.000000000000000005", "2", "0.000000000000000002"),
            ("0.000000000000000001", "1.9", "0.000000000000000001"),
            (largest, "0.000000000000000001", largest.replacingOccurrences(of: ".", with: "")),
            ("0.000000000000000001", largest, "0"), ("100", "0.1", "1000"), ("0", "7", "0"), ("7", "0", ""),
            ("NULL", "1", ""), ("1", "NULL", ""),
        ]
        let database = try TestDatabase(on: PostgresServer.shared.get())
        for (quoteVolume, volume, vwap) in cases {
            let found = try database.psql("SELECT volume_weighted_price(\(quoteVolume), \(volume))")
            #expect(found == vwap, "\(quoteVolume) / \(volume)")
        }
    }

    @Test("The last 24 hours add closed minutes and the trades since", arguments: PostgresServer.all)
    func lastDay(server: PostgresServer) throws {
        let database = try TestDatabase(on: server)
        try database.connect().execute(
            """
            INSERT INTO cryptocurrencies SELECT coin, coin, coin, now(), now() FROM (VALUES ('a'), ('b'), ('c')) AS v (coin);
            INSERT INTO quoted_pairs SELECT coin_id, 'usd', now() - INTERVAL '1 hour' FROM cryptocurrencies;
            INSERT INTO price_aggregates_1m (window_start, window_end, sample_count, revision, synthetic, partial, coin_id,
                vs_currency, open, high, low, close, average, total_volume, trade_count, volume, quote_volume, vwap)
            SELECT start, start + INTERVAL '1 minute', 1, 0, false, false, 'a', 'usd', 1, 1, 1, 1, 1, 5000, 3, 2, 10, 5
            FROM (SELECT date_trunc('hour', now()) - n * INTERVAL '1 hour' AS start FROM generate_series(1, 2) AS n) AS m;
            INSERT INTO raw_price_data (id, "timestamp", ingested_at, coin_id, vs_currency, price, size, total_volume, source)
            SELECT gen_random_uuid(), now() - INTERVAL '1 minute', now(), coin, 'usd', price, size, total, 'test'
            FROM (VALUES ('a', 20, 0.5, NULL), ('a', 30, NULL, NULL), ('b', 7, 2, NULL), ('c', 8, NULL, 9))
                AS v (coin, price, size, total)
            """
        )
        let day = try database.psql(
            """
            SELECT coin_id, sample_count, samples, trade_count, trim_scale(volume), trim_scale(quote_volume), vwap,
                total_volume_24h FROM v_price_stats_24h ORDER BY 1
            """
        )
        #expect(day == "a|4|4|7|4.5|30|6.666666666666666667|5000\nb|1|1|1|2|14|7|\nc|1|1|||||9")
        #expect(
            try database.psql("SELECT total_volume, total_volume_24h FROM v_latest_prices WHERE coin_id = 'c'") == "9|9"
        )
    }
}
