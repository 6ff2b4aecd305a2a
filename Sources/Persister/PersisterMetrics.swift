import Shared

/// What the Persister counts. Everything is added once per batch.
struct PersisterMetrics: Sendable {
    /// The metrics of one table.
    struct Table: Sendable {
        let rows: PrometheusCounter
        let conflicts: PrometheusCounter
        let deadLetters: PrometheusCounter
        let batchRows: PrometheusHistogram
        let commitSeconds: PrometheusHistogram
    }

    /// The metrics of one partition that is ours.
    struct Partition: Sendable {
        let lag: PrometheusGauge
        let lagSeconds: PrometheusGauge

        /// Shows them no longer: the next owner does.
        func remove() {
            lag.remove()
            lagSeconds.remove()
        }
    }

    private let tables: [SinkTable: Table]
    private let tickToRow: PrometheusHistogram
    /// Positions whose records the broker no longer had.
    let gaps: PrometheusCounter
    private let registry: PrometheusRegistry

    /// Declares them.
    init(registry: PrometheusRegistry = .shared) {
        self.registry = registry
        tables = Dictionary(
            uniqueKeysWithValues: SinkTable.allCases.map { table in
                let labels = ["table": table.name]
                let metrics = Table(
                    rows: PrometheusCounter(
                        "tickline_persister_rows_total",
                        help: "Rows inserted or replaced.",
                        labels: labels,
                        registry: registry
                    ),
                    conflicts: PrometheusCounter(
                        "tickline_persister_conflicts_total",
                        help: "Records that changed nothing, because their row or a newer one was there.",
                        labels: labels,
                        registry: registry
                    ),
                    deadLetters: PrometheusCounter(
                        "tickline_persister_dead_letters_total",
                        help: "Records that went to prices.dead-letter.",
                        labels: labels,
                        registry: registry
                    ),
                    batchRows: PrometheusHistogram(
                        "tickline_persister_batch_rows",
                        help: "Rows of a batch.",
                        labels: labels,
                        buckets: [1, 10, 100, 500, 1000, 2500, 5000, 10_000, 25_000, 100_000],
                        registry: registry
                    ),
                    commitSeconds: PrometheusHistogram(
                        "tickline_persister_commit_seconds",
                        help:
                            "From the first attempt to write a batch to its commit, waiting for the database included.",
                        labels: labels,
                        registry: registry
                    )
                )
                return (table, metrics)
            }
        )
        tickToRow = PrometheusHistogram(
            "tickline_persister_tick_to_row_seconds",
            help: "Time from the ingested_at of a batch's oldest tick until its rows were committed.",
            registry: registry
        )
        gaps = PrometheusCounter(
            "tickline_persister_gaps_total",
            help: "Positions whose records the broker no longer had, skipped because PERSISTER_ON_GAP allows it.",
            registry: registry
        )
    }

    /// The metrics of a partition.
    func partition(_ partition: TopicPartition) -> Partition {
        let labels = ["topic": partition.topic, "partition": "\(partition.partition)"]
        return Partition(
            lag: PrometheusGauge(
                "tickline_persister_lag_records",
                help: "Records between the position in the database and the end of the partition.",
                labels: labels,
                registry: registry
            ),
            lagSeconds: PrometheusGauge(
                "tickline_persister_lag_seconds",
                help: "Age of the newest event time in the database while there is a lag; 0 without one.",
                labels: labels,
                registry: registry
            )
        )
    }

    /// Counts a batch that was written.
    /// - Parameter now: when it is counted, which is soon after.
    func count(_ batch: Batch, _ result: BatchWriter.Result, seconds: Double, now: EventTime) {
        guard let table = tables[batch.table] else { return }
        table.rows.increment(by: result.rows)
        table.conflicts.increment(by: result.conflicts)
        table.deadLetters.increment(by: result.deadLetters)
        table.batchRows.observe(Double(batch.rowCount))
        table.commitSeconds.observe(seconds)
        if let ingested = batch.oldestIngested {
            tickToRow.observe(Double(max(0, now.microseconds - ingested.microseconds)) / 1e6)
        }
    }
}
