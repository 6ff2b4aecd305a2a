import Shared

/// What `cacher serve` counts, besides what every service does.
struct ServeMetrics: Sendable {
    /// Questions that Redis didn't answer, and lost subscriptions.
    let redisFailures: PrometheusCounter
    /// Messages of Redis' channels that are none of the Cacher's.
    let strangeMessages: PrometheusCounter
    private let answers: [PrometheusCounter]

    /// Counts from zero.
    /// - Parameter traffic: what the streams carry; shown as gauges.
    init(traffic: StreamTraffic, registry: PrometheusRegistry = .shared) {
        redisFailures = PrometheusCounter(
            "tickline_serve_redis_failures_total",
            help: "Questions that Redis didn't answer, and subscriptions that were lost.",
            registry: registry
        )
        strangeMessages = PrometheusCounter(
            "tickline_serve_strange_messages_total",
            help: "Messages of Redis' channels that are none of the Cacher's.",
            registry: registry
        )
        answers = (1...5).map { digit in
            PrometheusCounter(
                "tickline_serve_answers_total",
                help: "Answers, by the first digit of their status.",
                labels: ["status": "\(digit)xx"],
                registry: registry
            )
        }
        let readers = PrometheusGauge(
            "tickline_serve_readers",
            help: "How many read a stream.",
            registry: registry
        )
        let events = PrometheusGauge(
            "tickline_serve_events",
            help: "Updates that came from Redis since the start.",
            registry: registry
        )
        registry.beforeRendering {
            readers.set(traffic.readers)
            events.set(traffic.events)
        }
    }

    /// Counts an answer.
    func count(_ status: Int) {
        guard (100..<600).contains(status) else { return }
        answers[status / 100 - 1].increment()
    }
}
