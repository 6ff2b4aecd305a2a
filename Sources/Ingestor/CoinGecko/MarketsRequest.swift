import Shared

/// One request of a round of polling.
struct MarketsRequest: Sendable, Hashable {
    /// The most rows that CoinGecko puts on a page.
    static let pageSize = 250

    /// The URL.
    var url: String
    /// The currency it asks for.
    var vsCurrency: String
    /// The ids it asks for; none when it asks for the largest.
    var ids: [String] = []
    /// Which page of its currency it is, from 1.
    var page: Int
    /// How many rows of the answer count; the last page can hold more than were asked for.
    var rows: Int

    /// Its name in `ingestor.state`: the same for the same question, and without a password that the URL may hold.
    var pageName: String { SHA256.name(SHA256.digest(MaskedURL.withoutUser(url).utf8)) }

    /// Its name in the log.
    var name: String { "page \(page) in \(vsCurrency)" }

    /// The requests of one round.
    /// - Parameters:
    ///   - coins: which coins.
    ///   - vsCurrencies: in which currencies.
    ///   - baseURL: where the API is.
    static func round(coins: CoinList, vsCurrencies: [String], baseURL: String) -> [MarketsRequest] {
        vsCurrencies.flatMap { currency in
            let start = "\(baseURL)/coins/markets?vs_currency=\(HTTPClient.encoded(currency))&order=market_cap_desc"
            let end = "&sparkline=false&precision=full"
            switch coins {
            case .largest(let count):
                let size = min(count, pageSize)
                return stride(from: 0, to: count, by: size).map { first in
                    MarketsRequest(
                        url: "\(start)&per_page=\(size)&page=\(first / size + 1)\(end)",
                        vsCurrency: currency,
                        page: first / size + 1,
                        rows: min(size, count - first)
                    )
                }
            case .ids(let ids):
                return chunks(of: ids).enumerated().map { index, chunk in
                    let list = HTTPClient.encoded(chunk.joined(separator: ","))
                    return MarketsRequest(
                        url: "\(start)&ids=\(list)&per_page=\(pageSize)&page=1\(end)",
                        vsCurrency: currency,
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
