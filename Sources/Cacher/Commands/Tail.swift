import Shared

/// Follows channels and prints what comes; makes the connection again when it is lost.
struct Tail {
    private let settings: LookSettings
    private let coins: [String]
    private let isJSON: Bool
    private let stop: StopSignal
    private var backoff = Backoff(initial: .milliseconds(250), cap: .seconds(2))

    /// Nothing is connected yet.
    /// - Parameter coins: whose channels; empty for all.
    init(settings: LookSettings, coins: [String], isJSON: Bool, stop: StopSignal) {
        (self.settings, self.coins, self.isJSON, self.stop) = (settings, coins, isJSON, stop)
    }

    /// The channels, as patterns for `PSUBSCRIBE`. Those of a coin may fit more than it: see ``isWanted(_:)``.
    var patterns: [String] {
        let prefix = GlobPattern.literal(settings.keys.prefix)
        let kinds = ["prices", "candles", "alerts"]
        if coins.isEmpty { return kinds.map { "\(prefix)\($0):*" } }
        let names = Set(coins.map { GlobPattern.part($0) }).sorted()
        return names.flatMap { name in kinds.map { "\(prefix)\($0):\(name):*" } }
    }

    /// Whether a channel is one of those that were asked for.
    func isWanted(_ channel: String) -> Bool {
        if coins.isEmpty { return true }
        guard let name = KeyName(channel, prefix: settings.keys.prefix) else { return false }
        return coins.contains { $0.hasSameBytes(as: name.coin.coinID) }
    }

    /// Follows until a stop is requested, or nobody reads what is printed.
    /// - Throws: ``RedisError`` when Redis can't be reached at the start; later it is waited for.
    mutating func run() throws(RedisError) {
        var connection: RedisConnection? = try subscribe()
        try warnOfUnknown()
        Terminal.say("listening to \(settings.place)")
        while !stop.isRequested {
            do throws(RedisError) {
                if let connection {
                    try follow(connection)
                } else {
                    connection = try subscribe()
                    backoff.reset()
                    Terminal.say("listening again; what was published meanwhile is missed")
                }
            } catch {
                connection = nil
                let pause = backoff.next(random: .random(in: 0..<1))
                Terminal.say("not listening, again in \(Int(pause / .milliseconds(1))) ms: \(error)")
                stop.sleep(for: pause)
            }
        }
    }

    private func subscribe() throws(RedisError) -> RedisConnection {
        let connection = try RedisConnection(to: settings.redis, timeout: settings.timeout)
        try connection.subscribe(to: patterns)
        return connection
    }

    private func follow(_ connection: RedisConnection) throws(RedisError) {
        var lines = ""
        func print() {
            // Nobody reads any more: `cacher tail | head`.
            if !lines.isEmpty, !Terminal.write(lines) { stop.request() }
            lines.removeAll(keepingCapacity: true)
        }
        try connection.listen(stop: stop, patience: settings.timeout, turn: print) { channel, payload in
            let name = String(decoding: channel, as: UTF8.self)
            guard isWanted(name) else { return }
            let message = TailMessage(channel: name, payload: [UInt8](payload))
            lines += (isJSON ? message.json : message.text(prefix: settings.keys.prefix)) + "\n"
        }
    }

    /// Says which coins there are none of; they may come yet.
    private func warnOfUnknown() throws(RedisError) {
        if coins.isEmpty { return }
        let connection = try RedisConnection(to: settings.redis, timeout: settings.timeout)
        let index = try CoinReader(connection: connection, keys: settings.keys).index()
        for coin in coins where !index.contains(coin) {
            Terminal.say("no coin \(coin) in \(settings.place) yet: \(index.advice(for: coin))")
        }
    }
}
