/// Where an HTTP port listens, and which settings say so.
public struct HTTPAddress: Sendable {
    /// `HTTP` when `HTTP_HOST` and `HTTP_PORT` say where, for errors that name them.
    public let setting: String
    /// An address of this machine.
    public let host: String
    /// 0 takes a free one.
    public let port: Int

    /// An address.
    public init(_ setting: String, host: String, port: Int) {
        (self.setting, self.host, self.port) = (setting, host, port)
    }
}
