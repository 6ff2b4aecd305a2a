import Shared
import Testing

@testable import Ingestor

/// Dumps of exchanges as they are downloaded: shapes and headers are theirs.
@Suite("Dumps")
struct DumpTests {
    private let wall = EventTime(milliseconds: 1_800_000_000_000)

    /// The ticks of a file, as `coin currency time price size id side`.
    private func ticks(_ text: String, named name: String, _ more: [String: String] = [:]) throws -> [String] {
        try ticks(Array(text.utf8), named: name, more)
    }

    private func ticks(_ bytes: [UInt8], named name: String, _ more: [String: String] = [:]) throws -> [String] {
        let path = try TemporaryFile.keep(bytes, named: name)
        defer { TemporaryFile.remove(path) }
        let environment = ["INGESTOR_REPLAY_FILE": path, "INGESTOR_REPLAY_SPEED": "max"].merging(more) { $1 }
        var source = try ReplaySource(
            settings: ReplaySettings(SettingsReader(environment: environment)),
            table: .builtIn(),
            currency: "usd",
            metrics: IngestorMetrics(registry: PrometheusRegistry())
        )
        var batch = TickBatch()
        while try source.next(into: &batch, clock: { ClockReading(wall: wall, uptime: .zero) }) != .finished {}
        return try batch.records.map { record in
            let value = Array(batch.bytes[record.value])
            let tick = try PriceTick(json: value.span)
            let trade = [tick.size?.description, tick.tradeID, tick.side?.rawValue].compactMap(\.self)
            return ([tick.coinID, tick.vsCurrency, "\(tick.timestamp)", "\(tick.price)"] + trade).joined(separator: " ")
        }
    }

    private func failure(_ text: String, named name: String, _ more: [String: String] = [:]) throws -> String {
        try #require(throws: ReplayError.self) { try ticks(text, named: name, more) }.description
    }

    @Test("Binance's trades: milliseconds before 2025, microseconds since, with a header or without")
    func binanceTrades() throws {
        #expect(
            try ticks(
                """
                51175358,17.80180000,5.69000000,101.29224200,1583709433583,True,True
                51175359,17.80180000,0.10000000,1.78018000,1735689600010866,False,True

                """,
                named: "BNBUSDT-trades-2020-03.csv"
            ) == [
                "binancecoin usdt 2020-03-08T23:17:13.583Z 17.8018 5.69 51175358 sell",
                "binancecoin usdt 2025-01-01T00:00:00.010866Z 17.8018 0.1 51175359 buy",
            ]
        )
        #expect(
            try ticks(
                "id,price,qty,quote_qty,time,is_buyer_maker\n5053880937,68402.6,0.024,1641.6624,1717113600031,false\n",
                named: "BTCUSDT-trades-2024-05-31.csv"
            ) == ["bitcoin usdt 2024-05-31T00:00:00.031Z 68402.6 0.024 5053880937 buy"]
        )
    }

    @Test("Binance's aggTrades, spot and futures")
    func binanceAggTrades() throws {
        #expect(
            try ticks(
                "7,0.20000000,50.00000000,3,9,1735689600010866,True,True\n",
                named: "ETHBTC-aggTrades-2025-01-01.csv"
            )
                == ["ethereum btc 2025-01-01T00:00:00.010866Z 0.2 50 7 sell"]
        )
        let header = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
        #expect(
            try ticks(header + "10,64100.00,0.100,1,2,1786394553105,true\n", named: "BTCUSDT-aggTrades-2026-06.csv")
                == ["bitcoin usdt 2026-08-10T20:42:33.105Z 64100 0.1 10 sell"]
        )
    }

    @Test("of a candle its close is a tick, at the time of the close, without a size")
    func binanceKlines() throws {
        let row =
            "1735689600000000,4.15070000,4.15870000,4.15060000,4.15540000,539.23000000,1735693199999999,2240.39860900,13,401.82000000,1669.98121300,0\n"
        let header =
            "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n"
        let wanted = ["solana usdt 2025-01-01T00:59:59.999999Z 4.1554"]
        #expect(try ticks(row, named: "SOLUSDT-1h-2025-01.csv") == wanted)
        #expect(try ticks(header + row, named: "SOLUSDT-1h-2025-01.csv") == wanted)
    }

    @Test("Kraken's trades and candles; XBT is Bitcoin, and the interval stands in the name")
    func kraken() throws {
        #expect(
            try ticks("1381095255,122.00000,0.10000000\n1688671969.9931,30100.1,0.05\n", named: "XBTUSD.csv") == [
                "bitcoin usd 2013-10-06T21:34:15.000Z 122 0.1", "bitcoin usd 2023-07-06T19:32:49.993100Z 30100.1 0.05",
            ]
        )
        let candle = "1381017600,122.0,123.5,121.0,122.5,0.1,1\n"
        #expect(try ticks(candle, named: "XDGEUR_60.csv") == ["dogecoin eur 2013-10-06T00:59:59.999Z 122.5"])
        #expect(try failure(candle, named: "XBTUSD.csv").contains("INGESTOR_REPLAY_INTERVAL"))
        #expect(
            try ticks(candle, named: "XBTUSD.csv", ["INGESTOR_REPLAY_INTERVAL": "24h"])
                == ["bitcoin usd 2013-10-06T23:59:59.999Z 122.5"]
        )
    }

    @Test("CryptoDataDownload: a line with the address, seconds or milliseconds, newest first, oldest sent first")
    func cryptoDataDownload() throws {
        let file = """
            https://www.CryptoDataDownload.com
            unix,date,symbol,open,high,low,close,Volume BTC,Volume USD
            1646110800,2022-03-01 05:00:00,BTC/USD,43312.27,43457.93,43000,43300.5,12.5,541000
            1646107200000,2022-03-01 04:00:00,BTC/USD,43046.58,43346.58,43046.58,43312.27,11.1,481000
            1.6461E+12,2022-03-01 03:00:00,BTC/USD,43000,43046.58,43000,43046.58,0.00000000,0.0

            """
        let wanted = [
            "bitcoin usd 2022-03-01T03:59:59.999Z 43046.58", "bitcoin usd 2022-03-01T04:59:59.999Z 43312.27",
            "bitcoin usd 2022-03-01T05:59:59.999Z 43300.5",
        ]
        #expect(try ticks(file, named: "Bitstamp_BTCUSD_1h.csv") == wanted)
        // The pair stands in its lines too.
        #expect(try ticks(file, named: "download.csv", ["INGESTOR_REPLAY_INTERVAL": "1h"]) == wanted)
        #expect(try failure(file, named: "download.csv").contains("INGESTOR_REPLAY_INTERVAL"))
        let packed = Compressed.gzip(Array(file.utf8))
        let error = try #require(throws: ReplayError.self) { try ticks(packed, named: "Bitstamp_BTCUSD_1h.csv.gz") }
        #expect(error.description.contains("unpack it"), "\(error)")
    }

    @Test("CryptoDataDownload's other headers: no address, another case, a date alone, oldest first and packed")
    func otherHeaders() throws {
        #expect(
            try ticks(
                "Unix Timestamp,Date,Symbol,Open,High,Low,Close,Volume\n1546300740000,2018-12-31 23:59:00,BTCUSD,3686,3692,3685,3692.35,4.1\n",
                named: "gemini_BTCUSD_2018_1min.csv"
            ) == ["bitcoin usd 2018-12-31T23:59:59.999Z 3692.35"]
        )
        let dates =
            "Cryptodatadownload.com\nDate,Symbol,Open,High,Low,Close,Volume ETH,Volume USDT,tradecount\n"
            + "2020-04-08,ETHUSDT,1,2,1,172.5,1,1,9\n2020-04-09,ETHUSDT,1,2,1,170.25,1,1,9\n"
        let wanted = ["ethereum usdt 2020-04-08T23:59:59.999Z 172.5", "ethereum usdt 2020-04-09T23:59:59.999Z 170.25"]
        #expect(try ticks(dates, named: "Binance_ETHUSDT_d.csv") == wanted)
        #expect(try ticks(Compressed.zstd(Array(dates.utf8)), named: "Binance_ETHUSDT_d.csv.zst") == wanted)
    }

    @Test("settings win over the name; a pair that nobody knows, or that is several coins', is asked for")
    func coins() throws {
        let trades = "1381095255,122.00000,0.10000000\n"
        #expect(
            try ticks(trades, named: "x.csv", ["INGESTOR_REPLAY_COIN": "litecoin", "INGESTOR_REPLAY_CURRENCY": "eur"])
                == ["litecoin eur 2013-10-06T21:34:15.000Z 122 0.1"]
        )
        #expect(
            try ticks(trades, named: "XBTEUR.csv", ["INGESTOR_REPLAY_COIN": "my-coin"])
                == ["my-coin eur 2013-10-06T21:34:15.000Z 122 0.1"]
        )
        #expect(try failure(trades, named: "NOPEUSD.csv").contains("INGESTOR_REPLAY_COIN"))
        #expect(
            try ticks("timestamp,price\n1381095255,1.5\n", named: "x.csv", ["INGESTOR_REPLAY_COIN": "litecoin"])
                == ["litecoin usd 2013-10-06T21:34:15.000Z 1.5"]
        )
        #expect(try failure("timestamp,price\n1381095255,1.5\n", named: "x.csv").contains("coin_id"))
    }

    @Test("a format that is named is taken, and refused where the columns don't fit")
    func named() throws {
        #expect(
            try failure("1,2\n", named: "XBTUSD.csv", ["INGESTOR_REPLAY_FORMAT": "kraken-trades"]).contains("2 columns")
        )
        #expect(
            try ticks(
                "1381017600,1,2,1,1.5,1.2,9,1\n",
                named: "XBTUSD_1.csv",
                ["INGESTOR_REPLAY_FORMAT": "kraken-ohlcvt"]
            ) == ["bitcoin usd 2013-10-06T00:00:59.999Z 1.5"]
        )
    }
}
