-- Candles of 5 minutes, 1 hour and 1 day, made from the one-minute windows. They are views here; on TimescaleDB's Community
-- edition a later step puts continuous aggregates of the same names and columns in their place.

CREATE VIEW price_candles_5m AS
SELECT
    coin_id,
    vs_currency,
    date_bin(INTERVAL '5 minutes', window_start, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS bucket,
    (array_agg(open ORDER BY window_start))[1] AS open,
    max(high) AS high,
    min(low) AS low,
    (array_agg(close ORDER BY window_start DESC))[1] AS close,
    sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
    sum(sample_count) AS samples,
    (array_agg(total_volume ORDER BY window_start DESC))[1] AS volume
FROM price_aggregates_1m
GROUP BY 1, 2, 3;

COMMENT ON VIEW price_candles_5m IS 'Candles of 5 minutes for each coin and currency, from price_aggregates_1m.';
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

CREATE VIEW price_candles_1h AS
SELECT
    coin_id,
    vs_currency,
    date_bin(INTERVAL '1 hour', window_start, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS bucket,
    (array_agg(open ORDER BY window_start))[1] AS open,
    max(high) AS high,
    min(low) AS low,
    (array_agg(close ORDER BY window_start DESC))[1] AS close,
    sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
    sum(sample_count) AS samples,
    (array_agg(total_volume ORDER BY window_start DESC))[1] AS volume
FROM price_aggregates_1m
GROUP BY 1, 2, 3;

COMMENT ON VIEW price_candles_1h IS 'Candles of 1 hour for each coin and currency, from price_aggregates_1m.';
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

CREATE VIEW price_candles_1d AS
SELECT
    coin_id,
    vs_currency,
    date_bin(INTERVAL '1 day', window_start, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS bucket,
    (array_agg(open ORDER BY window_start))[1] AS open,
    max(high) AS high,
    min(low) AS low,
    (array_agg(close ORDER BY window_start DESC))[1] AS close,
    sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
    sum(sample_count) AS samples,
    (array_agg(total_volume ORDER BY window_start DESC))[1] AS volume
FROM price_aggregates_1m
GROUP BY 1, 2, 3;

COMMENT ON VIEW price_candles_1d IS 'Candles of 1 day for each coin and currency, from price_aggregates_1m.';
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
