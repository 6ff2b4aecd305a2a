import Foundation
import TestSupport
import Testing

@Suite("From an HTTP answer to a row and a key", .ownThread, .serialized)
struct RealInputTests {
    @Test("CoinGecko's odd values arrive in PostgreSQL digit for digit, and in Redis")
    func oddValues() async throws {
        let stack = try Stack()
        let now = Date().formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted)
        )
        let stale = "2026-07-13T09:08:07.654Z"
        let coins = OddMarkets.coins(now: now, stale: stale)
        let page = "[" + coins.map(\.json).joined(separator: ",") + "]"
        try await HTTPFixtureServer.run(answering: { request, number in
            // The first answer is a refusal that calls itself a success; a full page comes after it.
            if number == 0 {
                return HTTPFixtureServer.Answer(200, OddMarkets.limited)
            }
            return HTTPFixtureServer.Answer(200, request.query["page"] ?? "1" == "1" ? page : "[]")
        }) { server in
            let persister = try stack.start("persister")
            let cacher = try stack.start("cacher")
            let ingestor = try stack.start(
                "ingestor",
                [
                    "INGESTOR_SOURCE": "coingecko", "COINGECKO_BASE_URL": server.url, "INGESTOR_POLL_INTERVAL": "1s",
                    "COINGECKO_CALLS_PER_MINUTE": "600", "COINGECKO_RETRY_AFTER_CAP": "1s",
                ]
            )
            let expected = coins.filter { $0.row != nil }
            try persister.wait("all rows in PostgreSQL") {
                try stack.count("SELECT count(*) FROM raw_price_data") >= expected.count ? true : nil
            }
            for coin in expected {
                let row = try stack.sql(
                    """
                    SELECT price, market_cap, total_volume, high_24h, low_24h, price_change_percentage_24h
                    FROM raw_price_data WHERE coin_id = '\(coin.id)'
                    """
                )
                #expect(row == coin.row, "\(coin.id)")
            }
            let name = try stack.sql("SELECT name FROM cryptocurrencies WHERE coin_id = 'tiny-token'")
            #expect(name == #"Tiny "Token" é🚀"#)
            let time = try stack.sql(
                #"SELECT "timestamp" AT TIME ZONE 'UTC' FROM raw_price_data WHERE coin_id = '02-token'"#
            )
            #expect(time == "2026-07-13 09:08:07.654")

            try cacher.wait("all keys in Redis") {
                try stack.redis.cli("KEYS", "price:*").split(separator: "\n").count >= expected.count ? true : nil
            }
            #expect(try stack.redis.cli("HGET", "price:bitcoin:usd", "price") == "77914.82487731134")
            #expect(try stack.redis.cli("HGET", "price:tiny-token:usd", "price") == "0.00000808")
            #expect(try stack.redis.cli("EXISTS", "price:no-price:usd") == "0")

            // The same page again and again is no news: nothing is sent, so nothing is written twice.
            let seen = server.requests.count
            try ingestor.wait("three more polls") { server.requests.count >= seen + 3 ? true : nil }
            #expect(try stack.count("SELECT count(*) FROM raw_price_data") == expected.count)
            for service in [ingestor, persister, cacher] {
                #expect(service.terminate() == 0, "\(service.name): \(service.log)")
            }
        }
    }
}
