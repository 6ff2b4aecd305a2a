import Shared
import TestSupport

/// A server that has the history of any coin: a point every five minutes, or every hour where the range is longer than a day,
/// or every day beyond 90 days; and a point too many before and behind each range.
enum ScriptedHistory {
    static func answer(_ request: HTTPFixtureServer.Request) -> HTTPFixtureServer.Answer {
        if request.path.hasSuffix("/coins/markets") {
            let ids = (request.query["ids"] ?? "").split(separator: ",")
            let rows = ids.filter { $0 != "no-coin" }.map {
                MarketsFixtures.row(String($0), "1", "2026-05-18T12:49:00Z")
            }
            return HTTPFixtureServer.Answer(200, "[\(rows.joined(separator: ","))]")
        }
        if request.path.hasSuffix("/coins/list") {
            return HTTPFixtureServer.Answer(200, #"[{"id":"no-coins","symbol":"nc","name":"No Coins"}]"#)
        }
        guard request.path.hasSuffix("/market_chart/range"), let from = request.query["from"].flatMap({ Int64($0) }),
            let to = request.query["to"].flatMap({ Int64($0) })
        else { return HTTPFixtureServer.Answer(404, #"{"error":"coin not found"}"#) }
        let parts = request.path.split(separator: "/")
        let coin = parts.count > 2 ? String(parts[parts.count - 3]) : ""
        // A second more than a day is still a day: the bounds are rounded outwards.
        let step: Int64 = to - from <= 86_401 ? 300 : to - from <= 90 * 86_400 + 1 ? 3_600 : 86_400
        let times = stride(from: from / step * step - step, through: to + step, by: Int64.Stride(step))
        let prices = times.map { "[\($0 * 1_000),\(price(of: coin, at: $0))]" }.joined(separator: ",")
        let volumes = times.map { "[\($0 * 1_000),\($0 % 1_000)]" }.joined(separator: ",")
        return HTTPFixtureServer.Answer(200, #"{"prices":[\#(prices)],"market_caps":[],"total_volumes":[\#(volumes)]}"#)
    }

    /// The price of a coin at a second of the epoch.
    static func price(of coin: String, at second: Int64) -> String {
        "\(coin.utf8.reduce(7) { $0 &* 31 &+ Int64($1) } % 1_000 + 1).\(second % 100_000)1"
    }

    /// The points of a range, half-open, `step` seconds apart, as `coin second price`.
    static func expected(_ coins: [String], _ from: Int64, _ to: Int64, step: Int64) -> Set<String> {
        var all: Set<String> = []
        for coin in coins {
            for time in stride(from: (from + step - 1) / step * step, to: to, by: Int64.Stride(step)) {
                all.insert("\(coin) \(time) \(price(of: coin, at: time))")
            }
        }
        return all
    }
}
