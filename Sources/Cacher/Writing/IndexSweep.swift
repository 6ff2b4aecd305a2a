import Shared

/// Takes coins whose price has expired out of the sorted sets, some each second: whoever asks for the largest coins then
/// finds only such that have a price.
struct IndexSweep {
    /// How many coins are looked at in a turn.
    private static let coinsAtOnce = 500
    private var cursor = "0"
    private var currency = 0

    /// Nothing was looked at yet.
    init() {}

    /// Looks at the next coins of a currency.
    /// - Returns: how many were taken out.
    mutating func turn(of table: CoinTable, through writer: CacheWriter) throws(RedisError) -> Int {
        if currency >= table.currencies.count { (currency, cursor) = (0, "0") }
        guard currency < table.currencies.count else { return 0 }
        let name = table.currencies[currency].text.text
        let keys = writer.encoder.keys
        var commands = RedisPipeline()
        commands.command("ZSCAN")
        commands.append(keys.coins(in: name))
        commands.append(cursor)
        commands.append("COUNT")
        commands.append(Int64(Self.coinsAtOnce))
        guard case .array(let answer) = try writer.call(&commands).first, answer.count == 2,
            let next = answer[0].text, case .array(let members) = answer[1]
        else { throw RedisError(.refused, "Redis answers ZSCAN with something else than a cursor and members") }
        cursor = next
        if next == "0" { currency += 1 }
        let coins = stride(from: 0, to: members.count, by: 2).compactMap { members[$0].text }
        if coins.isEmpty {
            // Somebody has deleted the index: each coin's next tick puts it back.
            if next == "0" { writer.forget() }
            return 0
        }
        let rankings = Ranking.allCases.map { keys.ranking($0, in: name) }
        commands.removeAll()
        commands.command("EVALSHA")
        commands.append(writer.encoder.sweepHash)
        commands.append(Int64(rankings.count + coins.count))
        for key in rankings { commands.append(key) }
        for coin in coins { commands.append(keys.price(CoinKey(coinID: coin, vsCurrency: name))) }
        commands.append(Int64(rankings.count))
        for coin in coins { commands.append(coin) }
        guard case .integer(let gone) = try writer.call(&commands).first else { return 0 }
        return Int(gone)
    }
}
