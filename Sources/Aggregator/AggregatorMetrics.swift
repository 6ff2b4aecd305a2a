import Shared

/// What the Aggregator counts and measures.
struct AggregatorMetrics: Sendable {
    private let registry: PrometheusRegistry
    let accepted: PrometheusCounter
    let revised: PrometheusCounter
    let unchanged: PrometheusCounter
    let late: PrometheusCounter
    let future: PrometheusCounter
    let deadLetters: PrometheusCounter
    let alerts: PrometheusCounter
    let stateRecords: PrometheusCounter
    let committed: PrometheusCounter
    let aborted: PrometheusCounter
    let commitSeconds: PrometheusHistogram
    private let windowToResult: PrometheusHistogram
    let restoreSeconds: PrometheusHistogram
    let restoredRecords: PrometheusCounter
    let retentionGaps: PrometheusCounter
    let noRoom: PrometheusCounter
    let badState: PrometheusCounter
    let rules: PrometheusGauge
    let refusedRules: PrometheusCounter
    private let results: [(first: PrometheusCounter, again: PrometheusCounter, synthetic: PrometheusCounter)]

    /// Declares them.
    init(plan: WindowPlan, registry: PrometheusRegistry = .shared) {
        self.registry = registry
        func counter(_ name: String, _ help: String, _ labels: [String: String] = [:]) -> PrometheusCounter {
            PrometheusCounter("tickline_aggregator_" + name, help: help, labels: labels, registry: registry)
        }
        func ticks(_ outcome: String) -> PrometheusCounter {
            counter("ticks_total", "Ticks read, by what became of them.", ["outcome": outcome])
        }
        func transactions(_ outcome: String) -> PrometheusCounter {
            counter("transactions_total", "Kafka transactions, by how they ended.", ["outcome": outcome])
        }
        accepted = ticks("accepted")
        revised = ticks("revised")
        unchanged = ticks("unchanged")
        late = ticks("late")
        future = ticks("future")
        deadLetters = counter("dead_letters_total", "Records that could not be used and went to the dead letters.")
        alerts = counter("alerts_total", "Alert rules that fired.")
        stateRecords = counter("state_records_total", "Records written to the changelog, tombstones included.")
        committed = transactions("committed")
        aborted = transactions("aborted")
        commitSeconds = PrometheusHistogram(
            "tickline_aggregator_commit_seconds",
            help: "How long committing a transaction takes.",
            registry: registry
        )
        windowToResult = PrometheusHistogram(
            "tickline_aggregator_window_to_result_seconds",
            help: "Time from the end of a window with ticks to its first result, before that is committed.",
            registry: registry
        )
        restoreSeconds = PrometheusHistogram(
            "tickline_aggregator_restore_seconds",
            help:
                "How long restoring the state of newly assigned partitions takes, with the wait for open transactions.",
            registry: registry
        )
        restoredRecords = counter("restored_records_total", "Changelog records read to restore state.")
        retentionGaps = counter(
            "retention_gap_records_total",
            "Records that the broker had deleted before they were read (AGGREGATOR_ON_GAP=continue)."
        )
        noRoom = counter(
            "no_room_total",
            "Ticks that went to the dead letters because there was no room for another coin (AGGREGATOR_COIN_MEMORY)."
        )
        badState = counter("bad_state_records_total", "Records of the changelog that could not be used.")
        rules = PrometheusGauge(
            "tickline_aggregator_rules",
            help: "Alert rules in force, those that are switched off included.",
            registry: registry
        )
        refusedRules = counter("refused_rules_total", "Records of alerts.rules that could not be used.")
        results = plan.windows.map { window in
            func results(_ kind: String) -> PrometheusCounter {
                counter(
                    "windows_total",
                    "Results of windows: closed with ticks, synthetic, or emitted again for a late tick.",
                    ["window": window.description, "kind": kind]
                )
            }
            return (results("closed"), results("revised"), results("synthetic"))
        }
    }

    /// How far a partition is behind.
    func lag(of partition: TopicPartition) -> PrometheusGauge {
        PrometheusGauge(
            "tickline_aggregator_lag_records",
            help: "Records between the Aggregator's position and the end of the partition.",
            labels: ["topic": partition.topic, "partition": String(partition.partition)],
            registry: registry
        )
    }

    /// How far a partition's watermark is behind the wall clock.
    func watermarkDelay(of partition: Int32) -> PrometheusGauge {
        PrometheusGauge(
            "tickline_aggregator_watermark_delay_seconds",
            help: "How far a partition's watermark is behind the wall clock.",
            labels: ["partition": String(partition)],
            registry: registry
        )
    }

    /// The bytes that the coins of a partition take.
    func coinMemory(of partition: Int32) -> PrometheusGauge {
        PrometheusGauge(
            "tickline_aggregator_coin_bytes",
            help: "The bytes that a partition's coins take, roughly; at most its share of AGGREGATOR_COIN_MEMORY.",
            labels: ["partition": String(partition)],
            registry: registry
        )
    }

    /// Counts a window's result.
    /// - Parameter delay: how many seconds after the window's end it comes; nil where no clock says.
    func count(_ result: WindowResult, after delay: Double?) {
        let counters = results[result.window]
        if result.isSynthetic {
            counters.synthetic.increment()
        } else if result.revision > 0 {
            counters.again.increment()
        } else {
            counters.first.increment()
            if let delay { windowToResult.observe(max(0, delay)) }
        }
    }

    /// Counts the ticks of a batch.
    func add(_ counts: TickCounts) {
        accepted.increment(by: counts.accepted)
        revised.increment(by: counts.revised)
        unchanged.increment(by: counts.unchanged)
        late.increment(by: counts.late)
        future.increment(by: counts.future)
        deadLetters.increment(by: counts.deadLetters)
        noRoom.increment(by: counts.noRoom)
    }
}

/// What became of the ticks of a batch.
struct TickCounts: Sendable {
    var accepted = 0
    var revised = 0
    var unchanged = 0
    var late = 0
    var future = 0
    var deadLetters = 0
    /// Of the dead letters, those whose coin found no room.
    var noRoom = 0
    /// How far the furthest of the future ticks was ahead, in microseconds.
    var furthestAhead: Int64 = 0
}
