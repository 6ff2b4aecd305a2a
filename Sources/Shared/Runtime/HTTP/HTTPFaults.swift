import Logging
import Synchronization

/// What goes wrong at an HTTP port: counted, and said in the log, not more often than
/// every ten seconds of each kind.
public final class HTTPFaults: Sendable {
    /// What can go wrong.
    public enum Kind: String, CaseIterable, Sendable {
        /// A connection could not be taken, for want of descriptors for example.
        case accept
        /// The port was lost, or can't be had again yet.
        case listen
        /// A connection was closed because too many were open.
        case crowded
        /// A request that isn't HTTP, or whose headers are too long.
        case request
        /// An answer that its reader took too long to take.
        case stalled
    }

    private let logger: Logger
    private let counters: [Kind: PrometheusCounter]
    private let samplers = Mutex<[Kind: LogSampler]>([:])

    /// Counts from zero.
    /// - Parameter metric: the counter's name, such as `tickline_http_faults_total`.
    public init(_ metric: String, logger: Logger, registry: PrometheusRegistry) {
        self.logger = logger
        var counters: [Kind: PrometheusCounter] = [:]
        for kind in Kind.allCases {
            counters[kind] = PrometheusCounter(
                metric,
                help: "Faults of the HTTP port: connections not taken, the port lost, too many, bad requests, stalled.",
                labels: ["kind": kind.rawValue],
                registry: registry
            )
        }
        self.counters = counters
    }

    /// Counts one, and logs it when it is time.
    public func report(_ kind: Kind, _ level: Logger.Level, _ message: @autoclosure () -> String) {
        counters[kind]?.increment()
        let leftOut = samplers.withLock { $0[kind, default: LogSampler()].pass(at: .now) }
        guard let leftOut else { return }
        logger.log(level: level, "\(message())", metadata: leftOut > 0 ? ["left_out": "\(leftOut)"] : nil)
    }
}
