-- Candles of any size over any stretch of time: the bounds are asked of price_aggregates_1m itself, so that only the chunks or
-- the part of the index that can hold the answer are read. (A bound on a view's bucket can't always be turned into one on
-- window_start: never on plain PostgreSQL, and on TimescaleDB only when it is a literal.) The planner puts the function's
-- query in the place of the call.
CREATE FUNCTION price_candles(size interval, since timestamptz, until timestamptz)
RETURNS TABLE (
    coin_id text,
    vs_currency text,
    bucket timestamptz,
    open numeric,
    high numeric,
    low numeric,
    close numeric,
    average numeric,
    samples numeric,
    volume numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        a.coin_id,
        a.vs_currency,
        date_bin(size, a.window_start, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS bucket,
        (array_agg(a.open ORDER BY a.window_start))[1] AS open,
        max(a.high) AS high,
        min(a.low) AS low,
        (array_agg(a.close ORDER BY a.window_start DESC))[1] AS close,
        sum(a.average * a.sample_count) / nullif(sum(a.sample_count), 0) AS average,
        sum(a.sample_count) AS samples,
        (array_agg(a.total_volume ORDER BY a.window_start DESC))[1] AS volume
    FROM price_aggregates_1m AS a
    WHERE a.window_start >= since AND a.window_start < until
    GROUP BY 1, 2, 3
$$;

COMMENT ON FUNCTION price_candles IS 'Candles of any size up to days from the minutes in [since, until), in UTC; the columns are those of price_candles_5m.';
