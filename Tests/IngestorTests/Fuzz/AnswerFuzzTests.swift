import NIOCore
import Shared
import TestSupport
import Testing

@testable import Ingestor

/// What servers may answer: nothing of it ends the process, and what is taken can be a tick.
@Suite("Fuzzing: answers", .ownThread)
struct AnswerFuzzTests {
    private let wall = EventTime(milliseconds: 1_800_000_000_000)

    @Test("CoinGecko's pages")
    func markets() throws {
        let rows = [
            MarketsFixtures.full, MarketsFixtures.nulls, MarketsFixtures.priceOnly, MarketsFixtures.digits,
            MarketsFixtures.stale,
        ]
        try Fuzzing.run(rows.map { "[\($0)]" } + ["[]"], cost: 6) { input, place in
            guard let page = try? MarketsPage(json: input.span, vsCurrency: "usd") else { return }
            try checkTicks(of: page.rows, place())
        }
    }

    /// A row's tick is refused, or comes back as it was written.
    private func checkTicks(of rows: [PolledRow], _ place: @autoclosure () -> String) throws {
        var batch = TickBatch()
        for row in rows {
            guard let price = row.currentPrice else { continue }
            let tick = row.tick(price: price, source: "fuzz", timestamp: wall, ingestedAt: wall)
            batch.reset()
            guard batch.append(tick) else { continue }
            let value = Array(batch.bytes[batch.records[0].value])
            let read = try PriceTick(json: value.span)
            #expect(read == tick, "\(place())")
        }
    }

    @Test("CoinPaprika's pages")
    func tickers() throws {
        let rows = [TickersFixtures.bitcoin, TickersFixtures.inactive, TickersFixtures.tiny, TickersFixtures.broken]
        let ids = CoinPaprikaIDs()
        try Fuzzing.run(rows.map { "[\($0)]" }, cost: 16) { input, place in
            guard let page = try? TickersPage(json: input.span, vsCurrencies: ["usd", "eur"], ids: ids) else { return }
            try checkTicks(of: page.coins.flatMap(\.rows), place())
        }
    }

    @Test("CoinGecko's history")
    func history() {
        let corpus = [
            #"{"prices":[[1711929600000,69702.3087473573],[1711843200000,8.08e-06]],"market_caps":[[1711843200000,1e9]]}"#,
            #"{"prices":[[1,null],[2000,1],[],7,"x"],"market_caps":[],"total_volumes":[[2000.0,5]],"more":{"a":1}}"#,
        ]
        Fuzzing.run(corpus, cost: 2) { input, place in
            guard let answer = try? HistoryAnswer(json: input.span) else { return }
            let isInOrder = zip(answer.points, answer.points.dropFirst()).allSatisfy { $0.time < $1.time }
            #expect(isInOrder, "\(place())")
        }
    }

    @Test("what /key says, and errors in all their shapes and headers")
    func failures() throws {
        let corpus = [
            #"{"plan":"Analyst","rate_limit_request_per_minute":500,"monthly_call_credit":500000,"current_remaining_monthly_calls":4.0}"#,
            #"{"status":{"error_code":429,"error_message":"slow down CG-secret"}}"#, #"{"error":"no coin"}"#,
            #"{"error":{"status":{"error_code":10005,"error_message":"paid only"}}}"#, #"{"error_code":10010}"#,
            "<html>403</html>", "Mon, 18 May 2026 12:49:30 GMT", "120", "60000ms",
        ]
        let key = ["COINGECKO_API_KEY": "CG-secret", "COINPAPRIKA_API_KEY": "CG-secret"]
        let reader = SettingsReader(environment: key)
        let vendors: [any PriceVendor] = [
            CoinGecko(settings: try CoinGeckoSettings(reader)),
            CoinPaprika(settings: try CoinPaprikaSettings(reader), coins: .largest(3), vsCurrencies: ["usd"]),
        ]
        Fuzzing.run(corpus, cost: 60) { input, place in
            _ = try? KeyUsage(json: input.span)
            _ = try? KeyUsage(coinPaprika: input.span)
            let text = String(decoding: input, as: UTF8.self)
            let headers = ["retry-after": text, "location": text, "cache-control": "max-age=\(text)", "age": text]
            for status in [200, 302, 403, 429, 500] {
                let response = HTTPResponse(status: status, body: input, headers: headers)
                for vendor in vendors {
                    let failure = vendor.failure(response, at: wall)
                    #expect(!"\(failure)".contains("CG-secret"), "\(place())")
                    let wait = failure.retryAfter ?? .zero
                    #expect(wait <= vendor.retryAfterCap && wait >= .zero, "\(place())")
                }
                let fresh = Freshness.left(of: response)
                #expect(fresh >= .zero && fresh <= .seconds(3_600), "\(place())")
                _ = response.etag
            }
        }
    }

    @Test("messages and history of exchanges", arguments: ExchangeOdditiesTests.cases)
    func exchanges(_ test: ExchangeOdditiesTests.Case) {
        Fuzzing.run([test.message, test.page], cost: 5) { input, place in
            var events: [FeedEvent] = []
            var trades: [Trade] = []
            try? test.exchange.read(input.span, into: &events)
            try? test.exchange.readHistory(input.span, of: 0, into: &trades)
            for trade in events.compactMap(\.trade) + trades {
                #expect(trade.product == 0 && trade.id >= 0, "\(place())")
                #expect(trade.price >= .zero && trade.price < RecordLimit.price, "\(place())")
                #expect(trade.size >= .zero && trade.size < RecordLimit.price, "\(place())")
            }
        }
    }

    @Test("frames of a WebSocket, whole and in pieces: the same comes out, and no more than the limit is kept")
    func frames() {
        let corpus = [
            ServerFrame.text("{\"a\":1}") + ServerFrame.bytes(9, [1, 2])
                + ServerFrame.text(String(repeating: "b", count: 300)),
            ServerFrame.bytes(1, Array("frag".utf8), isFinal: false) + ServerFrame.bytes(0, Array("ments".utf8)),
            ServerFrame.bytes(8, [3, 232]), ServerFrame.text(String(repeating: "x", count: 70_000)),
        ]
        Fuzzing.run(bytes: corpus.map { Array($0.prefix(4_000)) }, words: ["\u{0}", "\u{7F}", "~"], cost: 20) {
            input,
            place in
            func read(_ pieces: [ArraySlice<UInt8>]) -> [String] {
                var reader = FrameReader(connection: 1, limit: 1_000)
                var batch = FeedBatch()
                for piece in pieces where reader.read(Array(piece).span, into: &batch) != nil { break }
                #expect(batch.bytes.count <= Fuzzing.longest, "\(place())")
                return batch.entries.compactMap { entry in
                    guard case .message(let range) = entry.kind else { return nil }
                    return String(decoding: batch.bytes[range], as: UTF8.self)
                }
            }
            let pieces = stride(from: 0, to: input.count, by: 7).map { input[$0..<min(input.count, $0 + 7)] }
            #expect(read([input[...]]) == read(pieces), "\(place())")
        }
    }

    @Test("heads of answers to the opening handshake")
    func heads() {
        let corpus = [
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nempty:\r\nA:\t b \r\n\r\nbehind",
            "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200\r\nB: c\r\n\r\nbody",
            "HTTP/1.1 429 \r\nRetry-After: 5\r\n\r\n",
        ]
        Fuzzing.run(corpus, words: ["\r\n", "\r\n\r\n", ":", " ", "HTTP/1.1 ", "999", "\u{0}"], cost: 3) {
            input,
            place in
            var reader = AnswerReader(limit: 200)
            var buffer = ByteBuffer(bytes: input)
            let head = try? reader.read(&buffer)
            #expect(input.count - buffer.readableBytes <= 201 || head == nil, "\(place())")
        }
    }

    @Test("ingestor.state: what is read is written the same")
    func state() throws {
        let time = "2026-11-22T20:35:00.000Z"
        let corpus: [(StateKey, String)] = [
            (
                .coin(CoinKey(coinID: "bitcoin", vsCurrency: "usd")),
                #"{"timestamp":"\#(time)","price":1.5,"last_updated":"\#(time)"}"#
            ),
            (.page("0f"), #"{"etag":"W/\"a\"","empty":false,"newest":"\#(time)","answered":"\#(time)"}"#),
            (.replay("1e"), #"{"offset":12,"lines":3,"ticks":2,"done":false}"#),
            (
                .backfill("2d"),
                #"{"from":"\#(time)","to":"\#(time)","next":"\#(time)","ticks":3,"granularity":"hourly","gap":false,"vs_currencies":["usd"],"coins":[{"id":"a","symbol":"a","name":"A"}]}"#
            ),
        ]
        for (key, example) in corpus {
            try Fuzzing.run([example], cost: 8) { input, place in
                var table = StateTable()
                guard table.apply(StateRecord(key: key, value: input)) else { return }
                func check<Value: StateValue>(_ value: Value?) throws {
                    guard let value else { return }
                    let bytes = value.bytes
                    let again = try Value(json: bytes.span)
                    #expect(again == value, "\(place())")
                }
                try check(table.coins.values.first)
                try check(table.pages.values.first)
                try check(table.replays.values.first)
                try check(table.backfills.values.first)
            }
        }
    }

    @Test("the calls that are counted in ingestor.state")
    func ledger() throws {
        var ledger = BudgetLedger()
        let limits = CallLimits(perMinute: 30, perMonth: 10_000, round: 2)
        for purpose in [CallPurpose.poll, .backfill, .poll] {
            ledger = ledger.spending(purpose, at: wall, limits: limits, writer: "w")
        }
        try Fuzzing.run(bytes: [ledger.bytes], cost: 4) { input, place in
            guard let read = try? BudgetLedger(json: input.span) else { return }
            let bytes = read.bytes
            let again = try BudgetLedger(json: bytes.span)
            #expect(again == read, "\(place())")
            for now in [wall, .earliest, .latest] {
                #expect(read.spent(at: now) >= 0, "\(place())")
                _ = read.spending(.poll, at: now, limits: limits, writer: "x")
            }
        }
    }
}
