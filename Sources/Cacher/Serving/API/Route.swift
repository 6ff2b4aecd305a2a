import Shared

/// What a request asks for, as its request line says it.
enum Route: Hashable {
    /// A question.
    case api(APIRequest)
    /// Changes as they happen.
    case stream(StreamQuery)
    /// The page, or another file that the executable holds.
    case file(ServedFile)

    /// Reads a request's target.
    /// - Parameters:
    ///   - target: the path and perhaps a query, as the request line has them.
    ///   - lastEventID: the header `Last-Event-ID`, for a stream.
    /// - Throws: ``Problem`` when there is no such page, or a parameter isn't allowed.
    init(target: String, lastEventID: String? = nil) throws(Problem) {
        let parts = Self.withoutOrigin(target).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = try QueryParameters(parts.count > 1 ? parts[1] : "")
        let segments = parts[0].split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if let file = ServedFile(path: String(parts[0])) {
            self = .file(file)
            return
        }
        guard segments.first == "v1", let name = segments.dropFirst().first else { throw Self.noSuchPage }
        switch (name, segments.count) {
        case ("stream", 2): self = .stream(try StreamQuery(query, lastEventID: lastEventID))
        case (_, 2): self = .api(try Self.request(name, query))
        case (_, 3):
            guard let last = segments.last, let coin = PercentEncoding.decode(last) else {
                throw Problem(400, "the coin's id is not percent-encoded UTF-8")
            }
            self = .api(try Self.request(name, of: QueryParameters.coin(coin), query))
        default: throw Self.noSuchPage
        }
    }

    /// What stands behind `http://host`, which a request for a proxy has (RFC 9112, 3.2.2).
    private static func withoutOrigin(_ target: String) -> Substring {
        guard target.hasPrefix("http://") || target.hasPrefix("https://") else { return target[...] }
        let parts = target.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count < 4 ? "/" : target[target.index(before: parts[3].startIndex)...]
    }

    private static var noSuchPage: Problem {
        Problem(404, "there is no such page; /openapi.json describes those that there are")
    }

    /// The pages about the whole market.
    private static func request(_ name: Substring, _ query: QueryParameters) throws(Problem) -> APIRequest {
        var query = query
        let request: APIRequest
        switch name {
        case "prices":
            request = .prices(
                vs: ByteText(try query.currency()),
                sort: try query.choice("sort", default: .rank),
                limit: try query.integer("limit", in: 1...1_000, default: 100)
            )
        case "sparklines":
            guard let coins = try query.coins() else { throw Problem(400, "coins is missing: the coins to draw") }
            request = .sparklines(vs: ByteText(try query.currency()), coins: coins)
        case "movers":
            request = .movers(
                vs: ByteText(try query.currency()),
                limit: try query.integer("limit", in: 1...100, default: 10)
            )
        case "alerts":
            request = .alerts(coins: try query.coins(), limit: try query.integer("limit", in: 1...1_000, default: 100))
        case "status": request = .status
        default: throw noSuchPage
        }
        try query.end()
        return request
    }

    /// The pages about one coin.
    private static func request(
        _ name: Substring,
        of coin: String,
        _ query: QueryParameters
    ) throws(Problem) -> APIRequest {
        var query = query
        let key = CoinKey(coinID: coin, vsCurrency: try query.currency())
        let request: APIRequest
        switch name {
        case "prices": request = .price(key)
        case "candles":
            let (from, until) = (try query.time("from"), try query.time("to"))
            if let from, let until, from >= until { throw Problem(400, "from must be before to") }
            request = .candles(
                CandleQuery(
                    coin: key,
                    interval: try query.choice("interval", default: .minute),
                    from: from,
                    until: until,
                    limit: try query.integer("limit", in: 1...CandleQuery.maximumCount, default: 500)
                )
            )
        default: throw noSuchPage
        }
        try query.end()
        return request
    }
}
