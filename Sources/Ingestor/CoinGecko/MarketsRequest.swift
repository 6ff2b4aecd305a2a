import Shared

/// What is asked of `/coins/markets`.
enum MarketsRequest {
    /// The most rows that CoinGecko puts on a page.
    static let pageSize = 250

    /// The most rows of a page of a category: more are not sent, whatever `per_page` says
    /// (https://github.com/hummingbot/hummingbot/issues/5806).
    static let categoryPageSize = 50

    /// The requests of one round.
    /// - Parameters:
    ///   - coins: which coins.
    ///   - vsCurrencies: in which currencies.
    ///   - category: the largest of this category, instead of all; not with ids.
    ///   - baseURL: where the API is.
    static func round(
        coins: CoinList,
        vsCurrencies: [String],
        category: String? = nil,
        baseURL: String
    ) -> [PollRequest] {
        vsCurrencies.flatMap { currency in
            let start = "\(baseURL)/coins/markets?vs_currency=\(HTTPClient.encoded(currency))&order=market_cap_desc"
            let end = "&sparkline=false&precision=full"
            switch coins {
            case .largest(let count):
                let size = min(count, category == nil ? pageSize : categoryPageSize)
                let filter = category.map { "&category=\(HTTPClient.encoded($0))" } ?? ""
                return stride(from: 0, to: count, by: size).map { first in
                    PollRequest(
                        url: "\(start)\(filter)&per_page=\(size)&page=\(first / size + 1)\(end)",
                        vsCurrencies: [currency],
                        page: first / size + 1,
                        rows: min(size, count - first)
                    )
                }
            case .ids(let ids):
                return chunks(of: ids).enumerated().map { index, chunk in
                    let list = HTTPClient.encoded(chunk.joined(separator: ","))
                    return PollRequest(
                        url: "\(start)&ids=\(list)&per_page=\(pageSize)&page=1\(end)",
                        vsCurrencies: [currency],
                        ids: chunk,
                        page: index + 1,
                        rows: pageSize
                    )
                }
            }
        }
    }

    /// As many ids as fit on a page and into a URL of usual length.
    private static func chunks(of ids: [String]) -> [[String]] {
        var result: [[String]] = []
        var length = 0
        for id in ids {
            let size = id.utf8.count * 3 + 1
            if let last = result.last, last.count < pageSize, length + size <= 12_000 {
                result[result.count - 1].append(id)
                length += size
            } else {
                result.append([id])
                length = size
            }
        }
        return result
    }
}
