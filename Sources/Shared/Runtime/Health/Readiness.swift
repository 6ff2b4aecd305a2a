import Synchronization

/// What must hold before a service may be sent work, by name; `/readyz` answers 200 when every condition is ok.
public final class Readiness: Sendable {
    /// The state of one condition.
    public enum State: Sendable, Equatable {
        /// It holds.
        case ok
        /// It doesn't, and why, in words for the person who reads `/readyz`.
        case failing(String)
    }

    /// The condition that the shell itself keeps: the pipeline runs, rather than starting, backing off or stopping.
    public static let pipeline = "pipeline"

    /// The sign of life of the pipeline's thread; a pipeline beats it every turn of its loop.
    public let heartbeat = Heartbeat()

    private let names: [String]
    private let states: Mutex<[String: State]>
    private let history = Mutex(History())

    /// How long every condition has held since the last reset.
    private struct History {
        var total = Duration.zero
        /// Since when all conditions hold; nil while one doesn't.
        var since: ContinuousClock.Instant?
    }

    /// Conditions that are failing until they are set; the order is that of `/readyz`.
    public init(_ conditions: String...) {
        names = [Self.pipeline] + conditions
        states = Mutex([:])
    }

    /// Sets one condition. A name that was not given at the start counts like the others from now on.
    public func set(_ condition: String, _ state: State) {
        let hasChanged = states.withLock { states in
            defer { states[condition] = state }
            return states[condition] != state
        }
        guard hasChanged else { return }
        let isReady = isReady
        history.withLock { history in
            if isReady {
                history.since = history.since ?? .now
            } else if let since = history.since {
                history.total += since.duration(to: .now)
                history.since = nil
            }
        }
    }

    /// How long every condition has held, all in all, since the pipeline was started; zero if that was never so.
    var readyTime: Duration {
        history.withLock { $0.total + ($0.since?.duration(to: .now) ?? .zero) }
    }

    /// Sets every condition to failing: before a pipeline builds its state anew.
    func reset(_ reason: String) {
        states.withLock { states in
            for name in Set(states.keys).union(names) {
                states[name] = .failing(reason)
            }
        }
        history.withLock { $0 = History() }
    }

    /// Every condition with its state: the declared ones in their order, then the others by name.
    public var conditions: [(name: String, state: State)] {
        states.withLock { states in
            let others = states.keys.filter { !names.contains($0) }.sorted()
            return (names + others).map { ($0, states[$0] ?? .failing("not reached yet")) }
        }
    }

    /// Shows every condition on `/metrics`, for alerts.
    func register(in registry: PrometheusRegistry) {
        let help = "1 while the condition holds, 0 while it does not; /readyz says why."
        registry.beforeRendering { [self, unowned registry] in
            for (name, state) in conditions {
                PrometheusGauge("tickline_ready", help: help, labels: ["condition": name], registry: registry)
                    .set(state == .ok ? 1 : 0)
            }
        }
    }

    /// Whether every condition is ok.
    public var isReady: Bool {
        conditions.allSatisfy { $0.state == .ok }
    }
}
