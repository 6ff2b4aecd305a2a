import Testing

@testable import Ingestor

@Suite("Polling round")
struct PollRoundTests {
    private func requests(_ coins: CoinList, _ currencies: [String] = ["usd"]) -> [MarketsRequest] {
        MarketsRequest.round(coins: coins, vsCurrencies: currencies, baseURL: "http://host/api/v3")
    }

    @Test("the largest coins come in pages of 250, the last one cut short")
    func pages() {
        let round = requests(.largest(600), ["usd", "eur"])
        #expect(round.count == 6)
        #expect(round.map(\.rows) == [250, 250, 100, 250, 250, 100])
        #expect(round.map(\.vsCurrency) == ["usd", "usd", "usd", "eur", "eur", "eur"])
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

    @Test("the next round begins one interval after this one began, and at once when it took longer")
    func interval() {
        var round = PollRound(requests: requests(.largest(500)), interval: .seconds(60))
        #expect(round.wait(at: .seconds(5)) == .zero)
        round.began(at: .seconds(5))
        round.answered(isEmpty: false, at: .seconds(6))
        #expect(round.request?.url.contains("page=2") == true)
        #expect(round.wait(at: .seconds(6)) == .zero)
        round.began(at: .seconds(6))
        round.answered(isEmpty: false, at: .seconds(7))
        #expect(round.request?.url.contains("page=1") == true)
        #expect(round.wait(at: .seconds(7)) == .seconds(58))
        round.began(at: .seconds(65))
        round.answered(isEmpty: false, at: .seconds(66))
        round.began(at: .seconds(66))
        round.answered(isEmpty: false, at: .seconds(200))
        #expect(round.wait(at: .seconds(200)) == .zero)
    }

    @Test("an empty page ends its currency, not the round")
    func empty() {
        var round = PollRound(requests: requests(.largest(1_000), ["usd", "eur"]), interval: .seconds(60))
        round.began(at: .zero)
        round.answered(isEmpty: false, at: .zero)
        round.answered(isEmpty: true, at: .zero)
        #expect(round.request?.vsCurrency == "eur")
        #expect(round.request?.url.contains("page=1") == true)
        #expect(round.wait(at: .zero) == .zero)
        round.answered(isEmpty: true, at: .zero)
        #expect(round.request?.vsCurrency == "usd")
        #expect(round.wait(at: .zero) == .seconds(60))
    }

    @Test("rounds there was no time for are counted, by the longer one of interval and budget")
    func missed() {
        var round = PollRound(requests: requests(.largest(100)), interval: .seconds(60), pace: .seconds(100))
        round.began(at: .seconds(5))
        round.answered(isEmpty: false, at: .seconds(6))
        round.began(at: .seconds(65))
        round.answered(isEmpty: false, at: .seconds(66))
        // 60 s late are none, because the budget allows one in 100 s; 350 s late are three.
        round.began(at: .seconds(125 + 60))
        round.answered(isEmpty: false, at: .seconds(186))
        #expect(round.missed == 0)
        round.began(at: .seconds(185 + 60 + 350))
        round.failed(wait: .seconds(900), at: .seconds(600))
        round.began(at: .seconds(1_500))
        #expect(round.missed == 3)
    }

    @Test("a failed request is made once more after its wait")
    func failed() {
        var round = PollRound(requests: requests(.largest(500)), interval: .seconds(60))
        round.began(at: .zero)
        round.answered(isEmpty: false, at: .zero)
        let second = round.request
        round.began(at: .seconds(1))
        round.failed(wait: .seconds(7), at: .seconds(2))
        #expect(round.request == second)
        #expect(round.wait(at: .seconds(2)) == .seconds(7))
    }
}
