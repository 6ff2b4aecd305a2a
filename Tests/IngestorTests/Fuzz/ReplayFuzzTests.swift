import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

/// Files that somebody wants replayed: nothing in them ends the process, and a tick of them comes back the same.
@Suite("Fuzzing: files", .ownThread)
struct ReplayFuzzTests {
    private let wall = EventTime(milliseconds: 1_800_000_000_000)

    /// A file of each kind, with its name.
    private static let files: [(name: String, text: String)] = [
        (
            "ticks.csv",
            "timestamp,coin_id,price,size,trade_id,side,vs_currency,symbol,name,volume\n"
                + "2026-11-22T20:35:00.123Z,bitcoin,67187.33,0.5,42,buy,usd,btc,\"Bit, \"\"coin\"\"\",1\n1795379700,x,8.08e-06,,,,,,,\n"
        ),
        (
            "ticks.ndjson",
            #"{"coin_id":"bitcoin","vs_currency":"usd","price":1.5,"timestamp":"2026-11-22T20:35:00Z"}"# + "\n{}\n"
        ),
        (
            "BNBUSDT-trades-2020-03.csv",
            "51175358,17.80180000,5.69000000,101.29224200,1583709433583,True,True\n"
                + "51175359,17.80180000,0.10000000,1.78018000,1735689600010866,False,True\n"
        ),
        ("ETHBTC-aggTrades-2025-01-01.csv", "7,0.20000000,50.00000000,3,9,1735689600010866,True,True\n"),
        (
            "SOLUSDT-1h-2025-01.csv",
            "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n"
                + "1735689600000000,4.1507,4.1587,4.1506,4.1554,539.23,1735693199999999,2240.3,13,401.8,1669.9,0\n"
        ),
        ("XBTUSD.csv", "1381095255,122.00000,0.10000000\n1688671969.9931,30100.1,0.05\n"),
        ("XDGEUR_60.csv", "1381017600,122.0,123.5,121.0,122.5,0.1,1\n1381021200,122.0,123.5,121.0,122.5,0.1,1\n"),
        (
            "Bitstamp_BTCUSD_1h.csv",
            "https://www.CryptoDataDownload.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
                + "1646110800,2022-03-01 05:00:00,BTC/USD,43312.27,43457.93,43000,43300.5,12.5,541000\n"
                + "1646107200000,2022-03-01 04:00:00,BTC/USD,43046.58,43346.58,43046.58,43312.27,11.1,481000\n"
        ),
    ]

    @Test("lines of every format", arguments: 0..<8)
    func lines(_ index: Int) throws {
        let file = Self.files[index]
        let path = try TemporaryFile.keep(Array(file.text.utf8), named: file.name)
        defer { TemporaryFile.remove(path) }
        let layout = try layout(of: path)
        var decoder = ReplayDecoder(columns: layout.columns, coin: layout.coin)
        let lines = file.text.split(separator: "\n").map(String.init)
        try Fuzzing.run(lines, words: Fuzzing.csvWords + Fuzzing.jsonWords, cost: 16) { input, place in
            guard let tick = try? decoder.tick(input.span, ingestedAt: wall) else { return }
            var writer = JSONWriter()
            tick.write(to: &writer)
            let bytes = writer.withUnsafeBytes { Array($0) }
            let read = try PriceTick(json: bytes.span)
            #expect(read == tick && tick.fault == nil, "\(place())")
        }
    }

    @Test("whole files: what is found out of their first lines, and each line from the beginning and from the end")
    func files() throws {
        let path = try TemporaryFile.keep([], named: "Bitstamp_BTCUSD_1h.csv")
        defer { TemporaryFile.remove(path) }
        let corpus = Self.files.map { Array($0.text.utf8) }
        try Fuzzing.run(bytes: corpus, words: Fuzzing.csvWords, cost: 200) { input, place in
            try Data(input).write(to: URL(filePath: path))
            guard let layout = try? layout(of: path) else { return }
            let forward = try RecordReader(path: path, quoted: false)
            let backward = try BackwardReader(path: path, first: forward.position.offset)
            let lines = try texts(forward)
            let mirrored = try texts(backward)
            #expect(lines == Array(mirrored.reversed()), "\(place())")
            var source = try ReplaySource(
                settings: settings(path),
                table: Self.table,
                currency: "usd",
                metrics: IngestorMetrics(registry: PrometheusRegistry())
            )
            var batch = TickBatch()
            while let step = try? source.next(into: &batch, clock: { ClockReading(wall: wall, uptime: .zero) }) {
                if step == .finished { break }
            }
            #expect(source.good + source.bad <= input.count && layout.format != .auto, "\(place())")
        }
    }

    @Test("packed files that are damaged: an error, or what was packed", arguments: [true, false])
    func packed(isGzip: Bool) throws {
        let path = try TemporaryFile.keep([], named: "file")
        defer { TemporaryFile.remove(path) }
        let text = Array((0..<200).map { "\($0),line of text\n" }.joined().utf8)
        let pack = isGzip ? Compressed.gzip : Compressed.zstd
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
        defer { room.deallocate() }
        try Fuzzing.run(bytes: [pack(text), pack(text) + pack([]), pack([])], words: ["\u{0}"], cost: 400) {
            input,
            place in
            try Data(input).write(to: URL(filePath: path))
            guard let file = try? UnpackedFile(path: path) else { return }
            var total = 0
            while let count = try? file.read(into: room), count > 0 {
                total += count
                // A bomb of this size is a wonder, but not an endless one.
                guard total < 64 << 20 else { break }
            }
        }
    }

    /// What the files are of. The built-in table has a thousand products, and half of the time would go into them.
    private static let table = {
        var table = ProductTable()
        try? table.add(
            """
            binance,BNBUSDT,binancecoin,bnb,BNB,usdt
            binance,ETHBTC,ethereum,eth,Ethereum,btc
            binance,SOLUSDT,solana,sol,Solana,usdt
            coinbase,BTC-USD,bitcoin,btc,Bitcoin,usd
            kraken,BTC/USD,bitcoin,btc,Bitcoin,usd
            kraken,DOGE/EUR,dogecoin,doge,Dogecoin,eur
            """,
            from: "the test"
        )
        return table
    }()

    private func settings(_ path: String) throws -> ReplaySettings {
        try ReplaySettings(SettingsReader(environment: ["INGESTOR_REPLAY_FILE": path, "INGESTOR_REPLAY_SPEED": "max"]))
    }

    private func layout(of path: String) throws -> ReplayLayout {
        try ReplayLayout(settings: settings(path), table: Self.table, currency: "usd")
    }

    private func texts(_ reader: any RecordSource) throws -> [[UInt8]] {
        var texts: [[UInt8]] = []
        while let record = try reader.next() {
            texts.append(reader.withBytes(of: record) { bytes in bytes.indices.map { bytes[$0] } })
        }
        return texts
    }
}
