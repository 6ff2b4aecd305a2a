import ArgumentParser
import Glibc
import Logging

/// The command of a service: runs it, and brings `healthcheck`, `--check-config`, `--settings-markdown`, `--version`
/// and the settings in `--help`. A service writes:
/// ```swift
/// public struct PersisterCommand: ServiceCommand {
///     public static let service = ServiceDescription(
///         name: "persister", abstract: "…", httpPort: 9103, settings: PersisterSettings.all)
///     public static let configuration = commandConfiguration(subcommands: [Migrate.self])
///     @OptionGroup public var options: ServiceOptions
///     public init() {}
///     public static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness) {
///         let readiness = Readiness("kafka", "postgres")
///         return (PersisterPipeline(settings: try PersisterSettings(reader), readiness: readiness), readiness)
///     }
/// }
/// ```
public protocol ServiceCommand: AsyncParsableCommand {
    /// What the service is.
    static var service: ServiceDescription { get }
    /// `@OptionGroup public var options: ServiceOptions`
    var options: ServiceOptions { get }
    /// Reads the service's settings and makes its pipeline, without connecting to anything yet.
    /// - Throws: ``SettingsError``, also for rules between settings.
    static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness)
    /// Does what the command's own options ask for instead of running the service (a replay of history).
    /// - Returns: Whether they asked for something.
    func runInstead(_ reader: SettingsReader) async throws -> Bool
}

extension ServiceCommand {
    /// The command's configuration: help with the settings, version, `healthcheck` and the service's own sub-commands.
    /// - Parameter name: the command's own name, for one that is another's sub-command; otherwise the service's.
    public static func commandConfiguration(
        named name: String? = nil,
        subcommands: [any ParsableCommand.Type] = []
    ) -> CommandConfiguration {
        CommandConfiguration(
            commandName: name ?? service.name,
            abstract: service.abstract,
            discussion: SettingsTable.text(service.allSettings)
                + "\n\nEXIT CODES: 0 clean stop, 1 fatal error, 64 wrong usage, 78 settings that don't allow a start.",
            version: "\(service.name) \(BuildInfo.description)",
            subcommands: subcommands + [HealthcheckCommand<Self>.self]
        )
    }

    /// Reads the environment, reporting every setting that isn't allowed at once, and sets up the log. For
    /// sub-commands that need the service's settings.
    /// - Throws: `ExitCode` 78, when the problems stand on stderr already.
    public static func prepare(
        _ reader: SettingsReader = SettingsReader()
    ) throws -> (reader: SettingsReader, runtime: RuntimeSettings) {
        do {
            try reader.check(service.allSettings)
            let runtime = try RuntimeSettings(reader, httpPort: service.httpPort)
            ServiceShell.bootstrap(service: service.name, settings: runtime)
            for setting in service.allSettings {
                guard let former = reader.formerName(of: setting) else { continue }
                Logger(label: service.name).warning("\(former) is now called \(setting.name); the old name still works")
            }
            return (reader, runtime)
        } catch {
            throw report(error)
        }
    }

    /// Most services do one thing only.
    public func runInstead(_ reader: SettingsReader) async throws -> Bool {
        false
    }

    /// Runs the service, or what the options ask for instead.
    public func run() async throws {
        if options.settingsMarkdown {
            print(SettingsTable.markdown(Self.service.allSettings), terminator: "")
            return
        }
        let (reader, runtime) = try Self.prepare()
        let (pipeline, readiness): (any Pipeline, Readiness)
        do {
            (pipeline, readiness) = try Self.start(reader)
        } catch let error as SettingsError {
            throw Self.report(error)
        }
        if options.checkConfig {
            print(SettingsTable.values(Self.service.allSettings, in: reader))
            return
        }
        if try await runInstead(reader) { return }
        let code = await ServiceShell.run(
            service: Self.service.name,
            settings: runtime,
            readiness: readiness,
            pipeline: pipeline
        )
        // A thread that is left may be inside a C library, such as one that takes a Kafka client down: the clean-up that
        // `exit` runs must not happen under it.
        if DedicatedThread.running > 0 {
            fflush(nil)
            _exit(code.rawValue)
        }
        if code != .success {
            throw code
        }
    }

    /// Writes every problem on a line of its own to stderr.
    private static func report(_ error: SettingsError) -> ExitCode {
        for problem in error.problems {
            Terminal.say("\(service.name): \(problem)")
        }
        return .configuration
    }
}
