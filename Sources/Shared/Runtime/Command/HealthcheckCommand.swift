import ArgumentParser
import Glibc

/// `SERVICE healthcheck`: asks the service of this container how it is; for Docker's `HEALTHCHECK`.
struct HealthcheckCommand<Command: ServiceCommand>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "healthcheck",
            abstract: "Ask the running service whether it is ready, over HTTP_PORT; exit 0 if it is, 1 if not."
        )
    }

    @Flag(help: "Ask /healthz (alive) instead of /readyz (ready).")
    var alive = false

    func run() throws {
        let (host, port): (String, Int)
        do {
            let reader = SettingsReader()
            host = HealthProbe.target(for: try reader.value(RuntimeSettings.httpHost))
            port = try reader.value(RuntimeSettings.httpPort(default: Command.service.httpPort))
        } catch {
            Terminal.say("\(Command.service.name) healthcheck: \(error)")
            throw ExitCode.configuration
        }
        let path = alive ? "/healthz" : "/readyz"
        do {
            let answer = try HealthProbe.get(host: host, port: port, path: path, timeout: .seconds(3))
            print("\(path) \(answer.status) \(answer.body.trimmingSpaces())")
            if answer.status != 200 {
                throw ExitCode.fatal
            }
        } catch let error as HealthProbe.Failure {
            print("\(path) on \(host) port \(port): \(error.description)")
            throw ExitCode.fatal
        }
    }
}
