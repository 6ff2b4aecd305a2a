import ArgumentParser

/// What the commands of a service need to know of it.
public struct ServiceDescription: Sendable {
    /// Its name: the command, and the `service` of every log line.
    public let name: String
    /// What it does, in one sentence.
    public let abstract: String
    /// The default of `HTTP_PORT`.
    public let httpPort: Int
    /// Its own settings, and those of the parts it uses (Kafka), without the runtime's.
    public let settings: [any SettingDescription]

    /// A description.
    public init(name: String, abstract: String, httpPort: Int, settings: [any SettingDescription]) {
        self.name = name
        self.abstract = abstract
        self.httpPort = httpPort
        self.settings = settings
    }

    /// Its own settings, then the runtime's.
    public var allSettings: [any SettingDescription] {
        settings + RuntimeSettings.all(httpPort: httpPort)
    }
}
