import ArgumentParser
import Glibc
import Shared

/// `cacher tail [coin …]`: what the Cacher publishes, as it comes.
struct TailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Follow what the Cacher publishes of some coins, or of all, until Ctrl-C.",
        discussion: "A connection that is lost is made again; what was published meanwhile is missed.\n\n"
            + LookSettings.discussion
    )

    @Argument(help: "The coins' ids, such as bitcoin; without one, everything.")
    var coins: [String] = []

    @Flag(help: "One JSON object a line: the channel, and the message as it was published.")
    var json = false

    /// Follows until the end is asked for.
    func run() throws {
        let settings = try LookSettings.read(for: "tail")
        signal(SIGINT) { _ in endOfTail.request() }
        signal(SIGTERM) { _ in endOfTail.request() }
        var tail = Tail(settings: settings, coins: coins, isJSON: json, stop: endOfTail)
        do throws(RedisError) {
            try tail.run()
        } catch {
            Terminal.say("cacher tail: looked in \(settings.place), set by REDIS_URL: \(error)")
            throw ExitCode.fatal
        }
    }
}

/// What the handlers of signals reach: setting it is an atomic store and a `write(2)`.
private let endOfTail = StopSignal()
