import ArgumentParser
import Glibc
import Logging
import Shared

/// What the commands for dead letters are told by the environment: where Kafka is.
enum DeadLetterSettings {
    /// For `--help`.
    static func discussion(_ text: String) -> String {
        """
        \(text)

        \(SettingsTable.text(KafkaSettings.all))

        EXIT CODES: 0 done, 1 an error, 64 wrong usage, 78 settings that don't allow a start.
        """
    }

    /// Reads them, and sets up the log.
    /// - Parameter isVerbose: whether the log tells more than warnings.
    /// - Throws: exit code 78, when what isn't allowed stands on stderr.
    static func read(for command: String, isVerbose: Bool = false) throws(ExitCode) -> KafkaSettings {
        do throws(SettingsError) {
            let reader = SettingsReader()
            try reader.check(KafkaSettings.all + RuntimeSettings.all(httpPort: PersisterCommand.service.httpPort))
            var runtime = try RuntimeSettings(reader, httpPort: PersisterCommand.service.httpPort)
            if !isVerbose { runtime.logLevel = max(runtime.logLevel, .warning) }
            ServiceShell.bootstrap(service: PersisterCommand.service.name, settings: runtime)
            return try KafkaSettings(reader, clientID: "persister-dead-letters")
        } catch {
            for problem in error.problems { Terminal.say("persister dead-letters \(command): \(problem)") }
            throw .configuration
        }
    }

    /// Does something on a thread of its own, and says why it fails.
    /// - Parameter stop: is requested by SIGINT and SIGTERM.
    /// - Throws: exit code 1, when the reason stands on stderr.
    static func run(_ command: String, _ body: @escaping @Sendable (_ stop: StopSignal) throws -> Bool) async throws {
        signal(SIGINT) { _ in endOfCommand.request() }
        signal(SIGTERM) { _ in endOfCommand.request() }
        let isDone = try await DedicatedThread.run(name: "dead-letters") {
            do {
                return try body(endOfCommand)
            } catch {
                let kafka = error as? KafkaError
                let words =
                    kafka?.isInterrupted == true
                    ? "ended before it was done"
                    : kafka?.isFenced == true ? "another one has taken over (\(error))" : "\(error)"
                Terminal.say("persister dead-letters \(command): \(words)")
                return false
            }
        }
        if !isDone { throw ExitCode.fatal }
    }
}

/// What the handlers of signals reach: setting it is an atomic store and a `write(2)`.
private let endOfCommand = StopSignal()
