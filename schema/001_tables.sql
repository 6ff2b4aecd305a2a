-- The tables of Tickline, the same on plain PostgreSQL 15+ and on TimescaleDB.
--
-- Money is NUMERIC without a precision, so that a price stands here digit for digit as it stood in the JSON; instants are
-- TIMESTAMPTZ. There is no foreign key on the tables that take the stream: a check per row would cost a third of the insert
-- rate, and an aggregate or an alert may rightly arrive before the first tick of its coin (they are other topics).

CREATE TABLE cryptocurrencies (
    coin_id text PRIMARY KEY,
    symbol text NOT NULL,
    name text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    described_at timestamptz NOT NULL
);

COMMENT ON TABLE cryptocurrencies IS 'Every coin that a tick named; symbol and name are those of the newest description.';
COMMENT ON COLUMN cryptocurrencies.coin_id IS 'CoinGecko''s id of the coin, for example bitcoin.';
COMMENT ON COLUMN cryptocurrencies.symbol IS 'Ticker symbol, for example btc; not unique.';
COMMENT ON COLUMN cryptocurrencies.name IS 'Display name, for example Bitcoin.';
COMMENT ON COLUMN cryptocurrencies.first_seen_at IS 'Event time of the oldest tick that described the coin.';
COMMENT ON COLUMN cryptocurrencies.described_at IS 'Event time of the tick that symbol and name were taken from.';

CREATE TABLE quoted_pairs (
    coin_id text NOT NULL REFERENCES cryptocurrencies,
    vs_currency text NOT NULL,
    latest_at_least timestamptz NOT NULL,
    PRIMARY KEY (coin_id, vs_currency)
);

COMMENT ON TABLE quoted_pairs IS 'Which coin is quoted in which currency, with a lower bound for the time of its newest tick: v_latest_prices starts here, so that it opens only the chunks that can hold the answer.';
COMMENT ON COLUMN quoted_pairs.coin_id IS 'The coin.';
COMMENT ON COLUMN quoted_pairs.vs_currency IS 'The currency it is quoted in, for example usd.';
COMMENT ON COLUMN quoted_pairs.latest_at_least IS 'The newest tick of the pair is at least this new; moved forward about once an hour, in the transaction that writes such a tick.';

CREATE TABLE raw_price_data (
    id uuid NOT NULL,
    "timestamp" timestamptz NOT NULL,
    ingested_at timestamptz NOT NULL,
    market_cap_rank integer,
    coin_id text NOT NULL,
    vs_currency text NOT NULL,
    price numeric NOT NULL CHECK (price >= 0),
    market_cap numeric,
    total_volume numeric,
    high_24h numeric,
    low_24h numeric,
    price_change_percentage_24h numeric,
    source text NOT NULL,
    PRIMARY KEY (id, "timestamp")
);

CREATE INDEX raw_price_data_pair_time ON raw_price_data (coin_id, vs_currency, "timestamp" DESC);

COMMENT ON TABLE raw_price_data IS 'Every tick, as its source gave it; one row per observation, however often it is delivered.';
COMMENT ON COLUMN raw_price_data.id IS 'Made from what the tick says (coin, currency, time, source and every number), so the same observation always has the same id; a version 8 UUID that starts with the event time in milliseconds, so new rows land side by side in the index.';
COMMENT ON COLUMN raw_price_data."timestamp" IS 'Event time: when the source says that the price was true.';
COMMENT ON COLUMN raw_price_data.ingested_at IS 'When the Ingestor received it.';
COMMENT ON COLUMN raw_price_data.market_cap_rank IS 'Rank by market capitalisation, from 1; NULL when the source did not say.';
COMMENT ON COLUMN raw_price_data.coin_id IS 'The coin.';
COMMENT ON COLUMN raw_price_data.vs_currency IS 'The currency of the money columns, for example usd.';
COMMENT ON COLUMN raw_price_data.price IS 'The price of one coin.';
COMMENT ON COLUMN raw_price_data.market_cap IS 'Market capitalisation.';
COMMENT ON COLUMN raw_price_data.total_volume IS 'Volume of the last 24 hours, a rolling figure: take the newest, never add it up.';
COMMENT ON COLUMN raw_price_data.high_24h IS 'Highest price of the last 24 hours.';
COMMENT ON COLUMN raw_price_data.low_24h IS 'Lowest price of the last 24 hours.';
COMMENT ON COLUMN raw_price_data.price_change_percentage_24h IS 'Change of the price over the last 24 hours, in percent.';
COMMENT ON COLUMN raw_price_data.source IS 'Where the tick came from: coingecko, simulator or replay.';

CREATE TABLE price_aggregates_1m (
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    first_tick_at timestamptz,
    last_tick_at timestamptz,
    sample_count bigint NOT NULL,
    revision integer NOT NULL,
    synthetic boolean NOT NULL,
    partial boolean NOT NULL,
    coin_id text NOT NULL,
    vs_currency text NOT NULL,
    open numeric NOT NULL,
    high numeric NOT NULL,
    low numeric NOT NULL,
    close numeric NOT NULL,
    average numeric NOT NULL,
    total_volume numeric,
    PRIMARY KEY (coin_id, vs_currency, window_start),
    CHECK (window_end = window_start + interval '1 minute')
);

COMMENT ON TABLE price_aggregates_1m IS 'One row per coin, currency and minute of event time; a late tick replaces the row by one with a higher revision.';
COMMENT ON COLUMN price_aggregates_1m.window_start IS 'First instant of the window.';
COMMENT ON COLUMN price_aggregates_1m.window_end IS 'First instant after the window: it is half-open.';
COMMENT ON COLUMN price_aggregates_1m.first_tick_at IS 'Event time of the opening tick; NULL when synthetic.';
COMMENT ON COLUMN price_aggregates_1m.last_tick_at IS 'Event time of the closing tick; NULL when synthetic.';
COMMENT ON COLUMN price_aggregates_1m.sample_count IS 'Number of ticks in the window; 0 when synthetic.';
COMMENT ON COLUMN price_aggregates_1m.revision IS '0 for the first result, one more for each late tick that changed it.';
COMMENT ON COLUMN price_aggregates_1m.synthetic IS 'True when no tick fell into the window and the previous close is carried forward.';
COMMENT ON COLUMN price_aggregates_1m.partial IS 'True when the window may lack ticks: it was open when the Aggregator first saw its partition, or was flushed while open.';
COMMENT ON COLUMN price_aggregates_1m.coin_id IS 'The coin.';
COMMENT ON COLUMN price_aggregates_1m.vs_currency IS 'The currency of the money columns.';
COMMENT ON COLUMN price_aggregates_1m.open IS 'Price of the first tick by event time.';
COMMENT ON COLUMN price_aggregates_1m.high IS 'Highest price.';
COMMENT ON COLUMN price_aggregates_1m.low IS 'Lowest price.';
COMMENT ON COLUMN price_aggregates_1m.close IS 'Price of the last tick by event time.';
COMMENT ON COLUMN price_aggregates_1m.average IS 'Mean of the ticks.';
COMMENT ON COLUMN price_aggregates_1m.total_volume IS 'Rolling 24-hour volume that came with the closing tick.';

CREATE TABLE price_aggregates_sliding (
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    first_tick_at timestamptz,
    last_tick_at timestamptz,
    sample_count bigint NOT NULL,
    revision integer NOT NULL,
    synthetic boolean NOT NULL,
    partial boolean NOT NULL,
    coin_id text NOT NULL,
    vs_currency text NOT NULL,
    window_kind text NOT NULL CHECK (window_kind IN ('tumbling', 'sliding')),
    open numeric NOT NULL,
    high numeric NOT NULL,
    low numeric NOT NULL,
    close numeric NOT NULL,
    average numeric NOT NULL,
    total_volume numeric,
    PRIMARY KEY (coin_id, vs_currency, window_kind, window_start, window_end),
    CHECK (window_end > window_start)
);

COMMENT ON TABLE price_aggregates_sliding IS 'Sliding windows, and tumbling ones of other sizes than a minute; a higher revision replaces the row.';
COMMENT ON COLUMN price_aggregates_sliding.window_start IS 'First instant of the window.';
COMMENT ON COLUMN price_aggregates_sliding.window_end IS 'First instant after the window; window_end - window_start is its size.';
COMMENT ON COLUMN price_aggregates_sliding.first_tick_at IS 'Event time of the opening tick; NULL when synthetic.';
COMMENT ON COLUMN price_aggregates_sliding.last_tick_at IS 'Event time of the closing tick; NULL when synthetic.';
COMMENT ON COLUMN price_aggregates_sliding.sample_count IS 'Number of ticks in the window; 0 when synthetic.';
COMMENT ON COLUMN price_aggregates_sliding.revision IS '0 for the first result, one more for each late tick that changed it.';
COMMENT ON COLUMN price_aggregates_sliding.synthetic IS 'True when no tick fell into the window and the previous close is carried forward.';
COMMENT ON COLUMN price_aggregates_sliding.partial IS 'True when the window may lack ticks.';
COMMENT ON COLUMN price_aggregates_sliding.coin_id IS 'The coin.';
COMMENT ON COLUMN price_aggregates_sliding.vs_currency IS 'The currency of the money columns.';
COMMENT ON COLUMN price_aggregates_sliding.window_kind IS 'sliding, or tumbling.';
COMMENT ON COLUMN price_aggregates_sliding.open IS 'Price of the first tick by event time.';
COMMENT ON COLUMN price_aggregates_sliding.high IS 'Highest price.';
COMMENT ON COLUMN price_aggregates_sliding.low IS 'Lowest price.';
COMMENT ON COLUMN price_aggregates_sliding.close IS 'Price of the last tick by event time.';
COMMENT ON COLUMN price_aggregates_sliding.average IS 'Mean of the ticks.';
COMMENT ON COLUMN price_aggregates_sliding.total_volume IS 'Rolling 24-hour volume that came with the closing tick.';

CREATE TABLE price_alerts (
    alert_id text PRIMARY KEY,
    rule_id text NOT NULL,
    coin_id text NOT NULL,
    vs_currency text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('above', 'below', 'change_pct')),
    threshold numeric NOT NULL,
    change_window interval,
    value numeric NOT NULL,
    price numeric NOT NULL,
    triggered_at timestamptz NOT NULL
);

CREATE INDEX price_alerts_coin_time ON price_alerts (coin_id, triggered_at DESC);

COMMENT ON TABLE price_alerts IS 'Rules that fired.';
COMMENT ON COLUMN price_alerts.alert_id IS 'rule_id:coin_id:vs_currency:triggered_at, so the same event always has the same id.';
COMMENT ON COLUMN price_alerts.rule_id IS 'The rule that fired.';
COMMENT ON COLUMN price_alerts.coin_id IS 'The coin.';
COMMENT ON COLUMN price_alerts.vs_currency IS 'The currency of the price.';
COMMENT ON COLUMN price_alerts.kind IS 'above, below or change_pct.';
COMMENT ON COLUMN price_alerts.threshold IS 'The rule''s threshold when it fired: a price, or a change in percent.';
COMMENT ON COLUMN price_alerts.change_window IS 'Length of the rule''s sliding window; NULL unless kind is change_pct.';
COMMENT ON COLUMN price_alerts.value IS 'What was compared with the threshold.';
COMMENT ON COLUMN price_alerts.price IS 'The price at that moment.';
COMMENT ON COLUMN price_alerts.triggered_at IS 'Event time of the tick, or the end of the window, that fired it.';

CREATE TABLE processing_metadata (
    service text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    event_time_watermark timestamptz,
    rows_written bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (service, topic, partition)
) WITH (fillfactor = 50);

COMMENT ON TABLE processing_metadata IS 'How far each service has read each partition, written in the transaction that writes the rows: this, not the group''s committed offset, is where it goes on.';
COMMENT ON COLUMN processing_metadata.service IS 'The service that reads, for example persister.';
COMMENT ON COLUMN processing_metadata.topic IS 'The topic''s name on the broker, with its prefix.';
COMMENT ON COLUMN processing_metadata.partition IS 'The partition''s number.';
COMMENT ON COLUMN processing_metadata.next_offset IS 'Offset of the first record that is not dealt with yet.';
COMMENT ON COLUMN processing_metadata.event_time_watermark IS 'Largest event time among the records dealt with; NULL before the first.';
COMMENT ON COLUMN processing_metadata.rows_written IS 'Rows inserted or replaced so far from this partition.';
COMMENT ON COLUMN processing_metadata.updated_at IS 'When the position last moved, by the database''s clock.';
