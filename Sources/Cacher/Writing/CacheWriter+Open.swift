import Shared

/// The minutes that are open.
extension CacheWriter {
    /// How many keys are asked for at once.
    private static let keysAtOnce = 1_000

    /// Reads what Redis has of coins that a batch is the first to bring.
    func findOpen(_ coins: CoinTable) throws(RedisError) {
        let unasked = coins.open.unasked
        if unasked.isEmpty { return }
        var found: [OpenCandle?] = []
        for start in stride(from: 0, to: unasked.count, by: Self.keysAtOnce) {
            let some = unasked[start..<min(start + Self.keysAtOnce, unasked.count)]
            var commands = RedisPipeline()
            commands.command("MGET")
            for coin in some { commands.append(encoder.keys.open(coins.key(of: coin))) }
            guard case .array(let values) = try call(&commands).first, values.count == some.count else {
                throw RedisError(.refused, "Redis answers MGET with something else than values")
            }
            for value in values {
                if case .string(let bytes) = value { found.append(OpenCandle(json: bytes)) } else { found.append(nil) }
            }
        }
        coins.open.answered(found)
    }

    /// Adds the command that writes a coin's open minute. With `GET` Redis leaves a key of another type alone.
    func appendOpen(_ coin: Int, of batch: CacheBatch) {
        guard let life = batch.coins.open.life(of: coin) else { return }
        encoder.append(coin, of: batch.coins, life: life, to: &pipeline)
        contents.append(.open(coin: coin))
    }
}

extension CacheEncoder {
    fileprivate mutating func append(
        _ coin: Int,
        of coins: CoinTable,
        life: Int64,
        to pipeline: inout RedisPipeline
    ) {
        pipeline.command("SET", arguments: 6)
        pipeline.argument(names.open, coins.names[coin].suffix, coins.windows[0].suffix)
        json.reset()
        coins.open.write(coin, to: &json)
        pipeline.argument(json.bytes)
        pipeline.argument("PX")
        pipeline.argument(life)
        pipeline.argument("GET")
    }
}
