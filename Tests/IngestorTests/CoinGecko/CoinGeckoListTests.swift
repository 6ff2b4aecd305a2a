import Shared
import TestSupport
import Testing

@testable import Ingestor

/// Which coins are asked for: ids that nobody knows, categories, and lists that change.
@Suite("CoinGecko's lists", .timeLimit(.minutes(2)))
struct CoinGeckoListTests {
    typealias Answer = HTTPFixtureServer.Answer

    private static let coins = Answer(
        200,
        #"[{"id":"bitcoin","symbol":"btc","name":"Bitcoin","platforms":{}},{"id":"ethereum","symbol":"eth","name":"Ethereum"}]"#
    )

    private func answer(_ request: HTTPFixtureServer.Request, knowing known: Set<String>) -> Answer {
        if request.path.hasSuffix("/coins/list") { return Self.coins }
        let ids = (request.query["ids"] ?? "").split(separator: ",").map(String.init).filter(known.contains)
        return CoinGeckoRun.page(ids.map { MarketsFixtures.row($0, "1", "2026-05-18T12:49:21.000Z") })
    }

    @Test("unknown ids cost one call for the list of all coins, once, however many currencies and rounds there are")
    func unknown() async throws {
        let log = MemoryLog()
        let run = try await CoinGeckoRun.poll(
            requests: 9,
            coins: .ids(["bitcoin", "eth", "nothing"]),
            vsCurrencies: ["usd", "eur"],
            log: log
        ) { request, _ in answer(request, knowing: ["bitcoin"]) }
        let lists = run.requests.indices.filter { run.requests[$0].path.hasSuffix("/coins/list") }
        #expect(lists == [2], "behind the first round")
        #expect(run.metrics.unknownCoins.value == 2)
        #expect(run.ticks.map(\.coinID) == ["bitcoin", "bitcoin"])
        let table = MemoryStateLog(log).table
        #expect(table.budgets.values.first?.spent(at: CoinGeckoRun.start) == 9, "it is a call like any other")
    }

    @Test("without an unknown id nobody asks for the list, and a list that can't be had is not asked for again")
    func noList() async throws {
        let known = try await CoinGeckoRun.poll(requests: 5, coins: .ids(["bitcoin"])) { request, _ in
            answer(request, knowing: ["bitcoin"])
        }
        #expect(known.requests.allSatisfy { !$0.path.hasSuffix("/coins/list") })
        for failure in [Answer(500), Answer(200, "[{"), Answer(200, "<html>"), Answer(404, #"{"error":"x"}"#)] {
            let run = try await CoinGeckoRun.poll(requests: 5, coins: .ids(["bitcoin", "eth"])) { request, _ in
                request.path.hasSuffix("/coins/list") ? failure : answer(request, knowing: ["bitcoin"])
            }
            #expect(run.failure == nil)
            #expect(run.requests.count { $0.path.hasSuffix("/coins/list") } == 1)
            #expect(run.metrics.unknownCoins.value == 1)
        }
    }

    @Test("a rate limit on the list holds the polls too")
    func limitedList() async throws {
        let run = try await CoinGeckoRun.poll(requests: 3, coins: .ids(["bitcoin", "eth"])) { request, _ in
            request.path.hasSuffix("/coins/list")
                ? Answer(429, "", headers: ["Retry-After": "300"]) : answer(request, knowing: ["bitcoin"])
        }
        #expect(run.times.count == 3)
        #expect(run.times[2] - run.times[1] >= .seconds(300), "\(run.times)")
    }

    @Test("a category is asked for in pages of 50, and with its name as it is")
    func category() {
        let round = MarketsRequest.round(
            coins: .largest(120),
            vsCurrencies: ["usd"],
            category: "layer-1&x",
            baseURL: "http://host"
        )
        #expect(round.map(\.rows) == [50, 50, 20])
        #expect(round[2].url.contains("&category=layer-1%26x&per_page=50&page=3&"))
    }

    @Test("the hundred largest of today: what comes and goes is counted, and a coin that goes gets no more ticks")
    func changes() async throws {
        let run = try await CoinGeckoRun.poll(requests: 6, coins: .largest(2)) { _, number in
            let time = "2026-05-18T12:\(49 + number):20.000Z"
            let second = number < 2 ? "b" : "c"
            return CoinGeckoRun.page(
                [MarketsFixtures.row("a", "1", time), MarketsFixtures.row(second, "1", time)],
                headers: ["Date": "Mon, 18 May 2026 12:\(49 + number):30 GMT"]
            )
        }
        #expect(run.metrics.listAdded.value == 1)
        #expect(run.metrics.listDropped.value == 1)
        #expect(run.ticks.count { $0.coinID == "b" } == 2)
        #expect(run.ticks.count { $0.coinID == "c" } == 4)
    }

    @Test("ids that fill more than a page are polled although none of the first page is known")
    func emptyFirstPage() async throws {
        let ids = (0..<250).map { "no-\($0)" } + ["bitcoin"]
        let run = try await CoinGeckoRun.poll(requests: 4, coins: .ids(ids), environment: ["COINGECKO_API_KEY": "k"]) {
            request,
            _ in answer(request, knowing: ["bitcoin"])
        }
        #expect(run.ticks.map(\.coinID) == ["bitcoin"])
        #expect(run.metrics.unknownCoins.value == 250)
    }

    @Test("no page for half an hour is a gap, told once when there are pages again")
    func gap() async throws {
        let run = try await CoinGeckoRun.poll(until: .seconds(3_600), coins: .largest(500)) { _, number in
            (4..<60).contains(number) ? Answer(503) : CoinGeckoRun.page([MarketsFixtures.full])
        }
        #expect(run.gaps.count == 1, "\(run.gaps)")
        let gap = try #require(run.gaps.first)
        let length = gap.upperBound.microseconds - gap.lowerBound.microseconds
        #expect(length >= 900_000_000 && length < 3_600_000_000)
        #expect(run.failure == nil)
    }
}
