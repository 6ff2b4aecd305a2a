import Testing

@testable import Ingestor

@Suite("Polling round")
struct PollRoundTests {
    private func requests(_ coins: CoinList, _ currencies: [String] = ["usd"]) -> [PollRequest] {
        MarketsRequest.round(coins: coins, vsCurrencies: currencies, baseURL: "http://host/api/v3")
    }

    @Test("the largest coins come in pages of 250, the last one cut short")
    func pages() {
        let round = requests(.largest(600), ["usd", "eur"])
        #expect(round.count == 6)
        #expect(round.map(\.rows) == [250, 250, 100, 250, 250, 100])
        #expect(round.flatMap(\.vsCurrencies) == ["usd", "usd", "usd", "eur", "eur", "eur"])
        #expect(
            round[2].url == "http://host/api/v3/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=250&page=3"
                + "&sparkline=false&precision=full"
        )
        #expect(requests(.largest(10)).map(\.rows) == [10])
        #expect(requests(.largest(10))[0].url.contains("&per_page=10&page=1&"))
        #expect(requests(.largest(250)).count == 1)
        #expect(requests(.largest(251)).count == 2)
    }

    @Test("ids go into as few requests as pages and URLs allow")
    func ids() {
        let few = requests(.ids(["bitcoin", "01coin", "a b"]))
        #expect(few.count == 1)
        #expect(few[0].ids == ["bitcoin", "01coin", "a b"])
        #expect(few[0].url.contains("&ids=bitcoin,01coin,a%20b&per_page=250&page=1"))
        #expect(requests(.ids((0..<600).map { "coin-\($0)" })).count == 3)
        let long = requests(.ids((0..<200).map { "\($0)" + String(repeating: "é", count: 60) }))
        #expect(long.count > 1)
        #expect(long.allSatisfy { $0.url.utf8.count < 13_000 })
    }

    private let transient = PollFailure(concernsAll: false, isLasting: false)
    private let refused = PollFailure(concernsAll: false, isLasting: true)

    /// What a request that goes out at this time is answered with, at once; its page, or `nil` when none is due.
    @discardableResult
    private func ask(
        _ round: inout PollRound,
        at seconds: Double,
        failing failure: (PollRequest) -> PollFailure? = { _ in nil },
        isEmpty: (PollRequest) -> Bool = { _ in false }
    ) -> String? {
        let now = Duration.seconds(seconds)
        guard round.wait(at: now, atLeast: .zero) == .zero, let request = round.begin(at: now) else { return nil }
        if let failure = failure(request) {
            _ = round.failed(failure, random: 0, at: now)
        } else {
            _ = round.answered(isEmpty: isEmpty(request), at: now)
        }
        return request.name
    }

    @Test("a request is made again one interval after it went out, and at once when the answer took longer")
    func interval() {
        var round = PollRound(requests: requests(.largest(500)), interval: .seconds(60))
        #expect(round.wait(at: .seconds(5), atLeast: .zero) == .zero)
        #expect(round.wait(at: .seconds(5), atLeast: .seconds(3)) == .seconds(3))
        #expect(round.begin(at: .seconds(5))?.page == 1)
        #expect(round.answered(isEmpty: false, at: .seconds(6)) == false)
        #expect(ask(&round, at: 6) == "page 2 in usd")
        #expect(round.completed == 1)
        #expect(round.wait(at: .seconds(7), atLeast: .zero) == .seconds(58))
        #expect(round.begin(at: .seconds(65))?.page == 1)
        _ = round.answered(isEmpty: false, at: .seconds(200))
        #expect(ask(&round, at: 200) == "page 2 in usd")
        #expect(round.wait(at: .seconds(200), atLeast: .zero) == .zero)
        #expect(round.begin(at: .seconds(200))?.page == 1)
    }

    @Test("without requests there is nothing to wait for")
    func none() {
        var round = PollRound(requests: [], interval: .seconds(60))
        #expect(round.wait(at: .zero, atLeast: .zero) == nil)
    }

    @Test("an empty page ends its currency, not the round")
    func empty() {
        var round = PollRound(requests: requests(.largest(1_000), ["usd", "eur"]), interval: .seconds(60))
        #expect(ask(&round, at: 0) == "page 1 in usd")
        #expect(ask(&round, at: 0, isEmpty: { _ in true }) == "page 2 in usd")
        #expect(ask(&round, at: 0, isEmpty: { _ in true }) == "page 1 in eur")
        #expect(round.completed == 1)
        #expect(round.wait(at: .zero, atLeast: .zero) == .seconds(60))
        #expect(ask(&round, at: 60) == "page 1 in usd")
    }

    @Test("rounds there was no time for are counted; waits that it asked for are none")
    func missed() {
        var round = PollRound(requests: requests(.largest(100)), interval: .seconds(60))
        ask(&round, at: 5)
        #expect(ask(&round, at: 6) == nil)
        ask(&round, at: 65 + 59)
        #expect(round.missed == 0)
        #expect(ask(&round, at: 125) == nil)
        ask(&round, at: 184 + 185, failing: { _ in refused })
        #expect(round.missed == 3)
        #expect(ask(&round, at: 370) == nil)
        ask(&round, at: 369 + 300)
        #expect(round.missed == 3)
    }

    @Test("a request that fails waits longer each time, and the others don't")
    func failing() {
        var round = PollRound(requests: requests(.largest(500)), interval: .seconds(60))
        var times: [String: [Double]] = [:]
        for second in 0..<240 {
            while let name = ask(&round, at: Double(second), failing: { $0.page == 2 ? transient : nil }) {
                times[name, default: []].append(Double(second))
            }
        }
        #expect(times["page 1 in usd"] == [0, 60, 120, 180])
        #expect(times["page 2 in usd"] == [0, 1, 3, 7, 15, 31, 63, 123, 183])
        #expect(round.failing == 1)
        #expect(round.works(at: .seconds(239)))
        #expect(!round.works(at: .seconds(301)), "the last answer is two intervals old")
    }

    @Test("while nothing works one request at a time is made, and each has its turn")
    func nothingWorks() {
        var round = PollRound(requests: requests(.largest(750)), interval: .seconds(60))
        var asked: [String] = []
        for second in 0...15 {
            if let name = ask(&round, at: Double(second), failing: { _ in transient }) {
                asked.append("\(second): \(name)")
            }
        }
        #expect(
            asked == [
                "0: page 1 in usd", "1: page 2 in usd", "3: page 3 in usd", "7: page 1 in usd", "15: page 2 in usd",
            ]
        )
        #expect(!round.works(at: .seconds(15)))
        #expect(ask(&round, at: 31) == "page 3 in usd")
        #expect(round.works(at: .seconds(31)))
        #expect(ask(&round, at: 31) == "page 1 in usd")
        #expect(ask(&round, at: 31) == "page 2 in usd")
        #expect(round.failing == 0)
    }

    @Test("a limit holds everything, the longer one of what it asks and the backoff; a refusal only its request")
    func held() {
        var round = PollRound(requests: requests(.largest(500)), interval: .seconds(60))
        let limit = PollFailure(concernsAll: true, isLasting: false, retryAfter: .seconds(40))
        var now: Duration = .zero
        for wait in [40, 60, 120, 240, 480, 600, 600].map(Duration.seconds) {
            #expect(round.begin(at: now)?.page == 1)
            #expect(round.failed(limit, random: 0, at: now) == wait)
            #expect(round.begin(at: now + wait - .seconds(1)) == nil)
            now += wait
        }
        #expect(round.begin(at: now)?.page == 1)
        #expect(round.answered(isEmpty: false, at: now) == true)
        #expect(round.begin(at: now)?.page == 2)
        #expect(round.failed(PollFailure(concernsAll: true, isLasting: true), random: 0, at: now) == .seconds(300))
        #expect(round.wait(at: now, atLeast: .zero) == .seconds(300))
        now += .seconds(300)
        #expect(round.begin(at: now)?.page == 1)
        #expect(round.answered(isEmpty: false, at: now) == false)
        #expect(round.begin(at: now)?.page == 2)
        #expect(round.failed(refused, random: 0, at: now) == .seconds(300))
        #expect(round.wait(at: now, atLeast: .zero) == .seconds(60))
    }
}
