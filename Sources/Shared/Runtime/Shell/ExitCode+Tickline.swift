import ArgumentParser

/// How a process of the suite ends. 0 is a clean stop: it was asked to end, or its work was done, and all is committed.
extension ExitCode {
    /// 1: an error that neither time nor a retry heals, or a stop that took longer than `SHUTDOWN_TIMEOUT`,
    /// or a pipeline that hung for longer than `HEARTBEAT_TIMEOUT`.
    public static let fatal = ExitCode(1)
    /// 64 (`EX_USAGE`): an argument on the command line that the command doesn't know.
    public static let usage = ExitCode(64)
    /// 78 (`EX_CONFIG`): a setting that isn't allowed, or a port that cannot be had. Restarting changes nothing.
    public static let configuration = ExitCode(78)
}
