import ArgumentParser
import Testing

@testable import Shared

@Suite("ServiceCommand")
struct ServiceCommandTests {
    struct TestCommand: ServiceCommand {
        static let count = Setting.integer("TEST_COUNT", in: 1...9, default: 5, help: "How many.")
        static let service = ServiceDescription(name: "tester", abstract: "Tests.", httpPort: 9999, settings: [count])
        static let configuration = commandConfiguration(subcommands: [Extra.self])
        @OptionGroup var options: ServiceOptions

        static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness) {
            throw SettingsError([])
        }
    }

    struct Extra: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "extra", abstract: "More.")
    }

    @Test("the help lists every setting, the exit codes and all sub-commands")
    func help() {
        let help = TestCommand.helpMessage(columns: 80)
        for name in ["TEST_COUNT"] + RuntimeSettings.all(httpPort: 9999).map(\.name) {
            #expect(help.contains("\n  \(name)  ("), "\(name) is missing")
        }
        #expect(help.contains("HTTP_PORT  (default: 9999)"))
        #expect(help.contains("EXIT CODES") && help.contains("healthcheck") && help.contains("extra"))
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("sub-commands and options are parsed; without any, the service itself runs")
    func parsing() throws {
        #expect(try TestCommand.parseAsRoot([]) is TestCommand)
        #expect(try TestCommand.parseAsRoot(["extra"]) is Extra)
        let probe = try #require(
            try TestCommand.parseAsRoot(["healthcheck", "--alive"]) as? HealthcheckCommand<TestCommand>
        )
        #expect(probe.alive)
        let command = try #require(try TestCommand.parseAsRoot(["--check-config"]) as? TestCommand)
        #expect(command.options.checkConfig && !command.options.settingsMarkdown)
    }

    @Test("a version with commit and build, and exit code 64 for an option nobody knows")
    func exits() {
        let version = #expect(throws: (any Error).self) { try TestCommand.parseAsRoot(["--version"]) }
        #expect(version.map { TestCommand.fullMessage(for: $0) } == "tester \(BuildInfo.description)")
        #expect(BuildInfo.commit(named: "3bab7a5") == "3bab7a5")
        for name in [nil, "", String(repeating: "a", count: 65)] { #expect(BuildInfo.commit(named: name) == "unknown") }
        let build = "\(BuildInfo.configuration) build"
        #expect(BuildInfo.description(commit: "3bab7a5") == "\(BuildInfo.version) (commit 3bab7a5, \(build))")
        #expect(BuildInfo.description(commit: "unknown") == "\(BuildInfo.version) (\(build))")
        let unknown = #expect(throws: (any Error).self) { try TestCommand.parseAsRoot(["--bogus"]) }
        #expect(unknown.map { TestCommand.exitCode(for: $0) } == .usage)
    }

    @Test(
        "settings that aren't allowed, or are misspelt, end with exit code 78",
        arguments: [["TEST_COUNT": "0", "LOG_LEVEL": "loud"], ["TEST_COUNTS": "1"], ["HTTP_PROT": "1"]]
    )
    func refused(environment: [String: String]) {
        let reader = SettingsReader(environment: environment)
        #expect(throws: ExitCode.configuration) { try TestCommand.prepare(reader) }
    }
}
