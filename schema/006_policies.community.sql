-- What only TimescaleDB's Community edition can do: candles as continuous aggregates, compression (the columnstore) and
-- retention, each by a policy that runs in the database.

DROP VIEW price_candles_5m;

CREATE MATERIALIZED VIEW price_candles_5m
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
    coin_id,
    vs_currency,
    time_bucket(INTERVAL '5 minutes', window_start) AS bucket,
    first(open, window_start) AS open,
    max(high) AS high,
    min(low) AS low,
    last(close, window_start) AS close,
    sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
    sum(sample_count) AS samples,
    last(total_volume, window_start) AS volume
FROM price_aggregates_1m
GROUP BY 1, 2, 3
WITH NO DATA;

COMMENT ON VIEW price_candles_5m IS 'Candles of 5 minutes for each coin and currency, kept up to date from price_aggregates_1m.';
COMMENT ON COLUMN price_candles_5m.coin_id IS 'The coin.';
COMMENT ON COLUMN price_candles_5m.vs_currency IS 'The currency of the money columns.';
COMMENT ON COLUMN price_candles_5m.bucket IS 'First instant of the candle (UTC).';
COMMENT ON COLUMN price_candles_5m.open IS 'Price of the first tick.';
COMMENT ON COLUMN price_candles_5m.high IS 'Highest price.';
COMMENT ON COLUMN price_candles_5m.low IS 'Lowest price.';
COMMENT ON COLUMN price_candles_5m.close IS 'Price of the last tick.';
COMMENT ON COLUMN price_candles_5m.average IS 'Mean of the ticks; NULL when all of its minutes are synthetic.';
COMMENT ON COLUMN price_candles_5m.samples IS 'Number of ticks.';
COMMENT ON COLUMN price_candles_5m.volume IS 'Rolling 24-hour volume at its end.';

SELECT add_continuous_aggregate_policy(
    'price_candles_5m',
    start_offset => INTERVAL '3 days',
    end_offset => INTERVAL '5 minutes',
    schedule_interval => INTERVAL '1 minute'
);

DROP VIEW price_candles_1h;

CREATE MATERIALIZED VIEW price_candles_1h
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
    coin_id,
    vs_currency,
    time_bucket(INTERVAL '1 hour', window_start) AS bucket,
    first(open, window_start) AS open,
    max(high) AS high,
    min(low) AS low,
    last(close, window_start) AS close,
    sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
    sum(sample_count) AS samples,
    last(total_volume, window_start) AS volume
FROM price_aggregates_1m
GROUP BY 1, 2, 3
WITH NO DATA;

COMMENT ON VIEW price_candles_1h IS 'Candles of 1 hour for each coin and currency, kept up to date from price_aggregates_1m.';
COMMENT ON COLUMN price_candles_1h.coin_id IS 'The coin.';
COMMENT ON COLUMN price_candles_1h.vs_currency IS 'The currency of the money columns.';
COMMENT ON COLUMN price_candles_1h.bucket IS 'First instant of the candle (UTC).';
COMMENT ON COLUMN price_candles_1h.open IS 'Price of the first tick.';
COMMENT ON COLUMN price_candles_1h.high IS 'Highest price.';
COMMENT ON COLUMN price_candles_1h.low IS 'Lowest price.';
COMMENT ON COLUMN price_candles_1h.close IS 'Price of the last tick.';
COMMENT ON COLUMN price_candles_1h.average IS 'Mean of the ticks; NULL when all of its minutes are synthetic.';
COMMENT ON COLUMN price_candles_1h.samples IS 'Number of ticks.';
COMMENT ON COLUMN price_candles_1h.volume IS 'Rolling 24-hour volume at its end.';

SELECT add_continuous_aggregate_policy(
    'price_candles_1h',
    start_offset => INTERVAL '7 days',
    end_offset => INTERVAL '1 hour',
    schedule_interval => INTERVAL '10 minutes'
);

DROP VIEW price_candles_1d;

CREATE MATERIALIZED VIEW price_candles_1d
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
    coin_id,
    vs_currency,
    time_bucket(INTERVAL '1 day', window_start) AS bucket,
    first(open, window_start) AS open,
    max(high) AS high,
    min(low) AS low,
    last(close, window_start) AS close,
    sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
    sum(sample_count) AS samples,
    last(total_volume, window_start) AS volume
FROM price_aggregates_1m
GROUP BY 1, 2, 3
WITH NO DATA;

COMMENT ON VIEW price_candles_1d IS 'Candles of 1 day for each coin and currency, kept up to date from price_aggregates_1m.';
COMMENT ON COLUMN price_candles_1d.coin_id IS 'The coin.';
COMMENT ON COLUMN price_candles_1d.vs_currency IS 'The currency of the money columns.';
COMMENT ON COLUMN price_candles_1d.bucket IS 'First instant of the candle (UTC).';
COMMENT ON COLUMN price_candles_1d.open IS 'Price of the first tick.';
COMMENT ON COLUMN price_candles_1d.high IS 'Highest price.';
COMMENT ON COLUMN price_candles_1d.low IS 'Lowest price.';
COMMENT ON COLUMN price_candles_1d.close IS 'Price of the last tick.';
COMMENT ON COLUMN price_candles_1d.average IS 'Mean of the ticks; NULL when all of its minutes are synthetic.';
COMMENT ON COLUMN price_candles_1d.samples IS 'Number of ticks.';
COMMENT ON COLUMN price_candles_1d.volume IS 'Rolling 24-hour volume at its end.';

SELECT add_continuous_aggregate_policy(
    'price_candles_1d',
    start_offset => INTERVAL '30 days',
    end_offset => INTERVAL '1 day',
    schedule_interval => INTERVAL '1 hour'
);

ALTER TABLE raw_price_data SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'coin_id, vs_currency',
    timescaledb.compress_orderby = '"timestamp" DESC, id'
);
ALTER TABLE price_aggregates_1m SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'coin_id, vs_currency',
    timescaledb.compress_orderby = 'window_start DESC'
);
ALTER TABLE price_aggregates_sliding SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'coin_id, vs_currency, window_kind',
    timescaledb.compress_orderby = 'window_start DESC, window_end DESC'
);

SELECT add_retention_policy('raw_price_data', drop_after => INTERVAL '400 days');
SELECT add_retention_policy('price_aggregates_sliding', drop_after => INTERVAL '400 days');

-- From 2.18 the policy is a procedure of another name; before that it is a function.
DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['raw_price_data', 'price_aggregates_1m', 'price_aggregates_sliding'] LOOP
        IF EXISTS (SELECT FROM pg_proc WHERE proname = 'add_columnstore_policy') THEN
            EXECUTE format('CALL add_columnstore_policy(%L, after => INTERVAL ''7 days'')', target);
        ELSE
            EXECUTE format('SELECT add_compression_policy(%L, compress_after => INTERVAL ''7 days'')', target);
        END IF;
    END LOOP;
END
$$;
