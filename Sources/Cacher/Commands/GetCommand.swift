import ArgumentParser
import Shared

/// `cacher get bitcoin`: everything that Redis holds of a coin.
struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show all that Redis holds of a coin: its price in each currency, candles, latest alert.",
        discussion: LookSettings.discussion
    )

    @Argument(help: "The coin's id, as prices.raw has it, such as bitcoin.")
    var coin: String

    @Flag(help: "One JSON object on one line, decimals as texts.")
    var json = false

    @Option(help: "How many entries of each history of candles to show too.")
    var history = 0

    /// Checks the number.
    func validate() throws {
        guard (0...100_000).contains(history) else { throw ValidationError("--history is a number from 0 to 100000") }
    }

    /// Asks, and prints.
    func run() throws {
        let settings = try LookSettings.read(for: "get")
        do throws(RedisError) {
            let connection = try RedisConnection(to: settings.redis, timeout: settings.timeout)
            let reader = CoinReader(connection: connection, keys: settings.keys)
            if let facts = try reader.facts(of: coin, history: history) {
                Terminal.write(json ? facts.json + "\n" : facts.text(now: .now()))
                return
            }
            let advice = try reader.index().advice(for: coin)
            Terminal.say("cacher get: no coin \(coin) in \(settings.place): \(advice)")
        } catch {
            Terminal.say("cacher get: looked in \(settings.place), set by REDIS_URL: \(error)")
        }
        throw ExitCode.fatal
    }
}
