-- What the topic alerts.rules says of each rule: people write rules there and see here what became of them.
CREATE TABLE alert_rules (
    rule_id text PRIMARY KEY,
    coin_id text,
    vs_currency text,
    kind text CHECK (kind IN ('above', 'below', 'change_pct')),
    threshold numeric,
    change_window interval,
    cooldown interval,
    enabled boolean,
    since timestamptz,
    refusal text,
    refused_at timestamptz,
    source_offset bigint NOT NULL
);

COMMENT ON TABLE alert_rules IS 'The alert rules in force, and what was refused and why; one row per rule, kept from the topic alerts.rules. A rule that is deleted there goes.';
COMMENT ON COLUMN alert_rules.rule_id IS 'The rule''s name, the key of its record.';
COMMENT ON COLUMN alert_rules.coin_id IS 'The coin it watches, * for every coin; NULL, as all columns up to enabled, when no record of the rule was ever accepted.';
COMMENT ON COLUMN alert_rules.vs_currency IS 'The currency of the price it watches.';
COMMENT ON COLUMN alert_rules.kind IS 'above, below or change_pct.';
COMMENT ON COLUMN alert_rules.threshold IS 'A price, or a change in percent for change_pct.';
COMMENT ON COLUMN alert_rules.change_window IS 'Length of its sliding window; NULL unless kind is change_pct. It must be one of AGGREGATOR_WINDOWS, which only the Aggregator knows: its log and its dead letters say so if not.';
COMMENT ON COLUMN alert_rules.cooldown IS 'How long it keeps silent for a coin after an alert.';
COMMENT ON COLUMN alert_rules.enabled IS 'False when it is switched off.';
COMMENT ON COLUMN alert_rules.since IS 'When the record was written that says what the rule is now.';
COMMENT ON COLUMN alert_rules.refusal IS 'Why the newest record of the rule was refused; the rule stays as it was before. NULL when it was accepted.';
COMMENT ON COLUMN alert_rules.refused_at IS 'When the record that was refused was written.';
COMMENT ON COLUMN alert_rules.source_offset IS 'Offset of the newest record of the rule in its partition of alerts.rules.';
