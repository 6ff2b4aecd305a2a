import Logging

/// Logs events of one kind that strangers can cause as often as they like, such as a record that nobody can read: one line
/// an interval, with how many before it got none (`left_out`).
public struct SampledLog: Sendable {
    private let logger: Logger
    private var sampler = LogSampler()

    /// Makes a log for one kind of event.
    public init(_ logger: Logger) {
        self.logger = logger
    }

    /// Logs a warning, unless there was one not long ago; a long message is cut to ``RecordLimit/error``.
    public mutating func warning(_ message: @autoclosure () -> String) {
        guard let leftOut = sampler.pass(at: .now) else { return }
        let text = message().cut(to: RecordLimit.error)
        logger.warning("\(text)", metadata: leftOut == 0 ? nil : ["left_out": "\(leftOut)"])
    }
}
