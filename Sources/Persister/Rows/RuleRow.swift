import Shared

/// A record of `alerts.rules` as a row of `alert_rules`: a rule, its deletion, or why the record was refused.
enum RuleRow {
    /// What a record says of a rule.
    enum Content {
        /// It is this from now on.
        case rule(AlertRule)
        /// It is deleted.
        case deleted
        /// The record can't be used: the rule stays as it was.
        case refused(reason: String)
    }

    /// The name of the rule that a record is about; nil when its key is none that the table could hold. The Aggregator
    /// sends such a record to the dead letters.
    static func ruleID(of key: UnsafeBufferPointer<UInt8>?) -> String? {
        guard let key, !key.isEmpty, key.count <= RecordLimit.ruleID, !key.contains(0) else { return nil }
        return String(validating: key, as: UTF8.self)
    }

    /// Reads a record's value, by the rules that the Aggregator reads it by.
    static func content(of value: Span<UInt8>, ruleID: String) -> Content {
        guard !value.isEmpty else { return .deleted }
        do throws(JSONError) {
            let rule = try AlertRule(json: value)
            guard rule.ruleID.hasSameBytes(as: ruleID) else {
                return .refused(reason: "the record's key is not its rule_id")
            }
            return .rule(rule)
        } catch {
            return .refused(reason: error.description.cut(to: RecordLimit.error))
        }
    }

    /// Appends a row in the order of ``SinkTable/columns``. A deletion has neither a kind nor a refusal.
    static func append(
        _ content: Content,
        ruleID: String,
        time: EventTime?,
        offset: Int64,
        to rows: inout CopyBuffer
    ) {
        let texts = RecordLimit.ruleID + RecordLimit.coinID + RecordLimit.vsCurrency + RecordLimit.error
        rows.appendRow(room: 2 + 12 * CopyRow.fieldRoom + texts) { row in
            row.begin(fields: 12)
            row.text(ruleID)
            switch content {
            case .rule(let rule):
                row.text(rule.coinID)
                row.text(rule.vsCurrency)
                row.text(rule.kind.rawValue)
                row.numeric(rule.threshold)
                row.interval(microseconds: rule.windowMicroseconds)
                row.interval(microseconds: rule.cooldownMicroseconds)
                row.boolean(rule.enabled)
            case .deleted, .refused:
                for _ in 0..<7 { row.null() }
            }
            if case .refused(let reason) = content {
                row.null()
                row.text(reason)
                row.timestamp(time)
            } else {
                row.timestamp(time)
                row.null()
                row.null()
            }
            row.bigint(offset)
        }
    }

    /// Moves the rows of the staging table into the table: of each rule the newest record that could be used, which
    /// replaces or deletes it, and the refusal of the newest record, if it was refused.
    static let merge = """
        WITH newest AS (
            SELECT DISTINCT ON (rule_id) * FROM staging_alert_rules ORDER BY rule_id, source_offset DESC
        ), usable AS (
            SELECT DISTINCT ON (rule_id) *, true AS is_usable FROM staging_alert_rules WHERE refusal IS NULL
            ORDER BY rule_id, source_offset DESC
        ), gone AS (
            DELETE FROM alert_rules AS present USING newest
            WHERE present.rule_id = newest.rule_id AND newest.kind IS NULL AND newest.refusal IS NULL
        ), given AS (
            SELECT newest.rule_id, usable.coin_id, usable.vs_currency, usable.kind, usable.threshold, usable.change_window,
                usable.cooldown, usable.enabled, usable.since, newest.refusal, newest.refused_at, newest.source_offset,
                usable.is_usable
            FROM newest LEFT JOIN usable USING (rule_id)
            WHERE newest.kind IS NOT NULL OR newest.refusal IS NOT NULL
        )
        MERGE INTO alert_rules AS present USING given ON present.rule_id = given.rule_id
        WHEN MATCHED AND given.is_usable THEN UPDATE SET
            coin_id = given.coin_id, vs_currency = given.vs_currency, kind = given.kind, threshold = given.threshold,
            change_window = given.change_window, cooldown = given.cooldown, enabled = given.enabled,
            since = given.since, refusal = given.refusal, refused_at = given.refused_at,
            source_offset = given.source_offset
        WHEN MATCHED THEN UPDATE SET
            refusal = given.refusal, refused_at = given.refused_at, source_offset = given.source_offset
        WHEN NOT MATCHED THEN INSERT VALUES (
            given.rule_id, given.coin_id, given.vs_currency, given.kind, given.threshold, given.change_window,
            given.cooldown, given.enabled, given.since, given.refusal, given.refused_at, given.source_offset)
        """
}
