-- The candles become views again. A continuous aggregate answers everything before its watermark from what it has
-- materialised; minutes that arrive behind the watermark (history that is replayed, a late revision, the time after an
-- outage) are missing from it until a refresh comes by, and outside the policy's start_offset none ever does. Whatever is in
-- price_aggregates_1m is to be in every candle, always.
--
-- time_bucket, because TimescaleDB turns a literal bound on it into one on window_start and leaves chunks out; for a bound by
-- now() there is price_candles(size, since, until).
DO $$
DECLARE
    candle record;
BEGIN
    FOR candle IN VALUES ('5m', '5 minutes'), ('1h', '1 hour'), ('1d', '1 day') LOOP
        EXECUTE format('DROP MATERIALIZED VIEW price_candles_%s', candle.column1);
        EXECUTE format(
            'CREATE VIEW price_candles_%s AS
            SELECT
                coin_id,
                vs_currency,
                time_bucket(INTERVAL %L, window_start) AS bucket,
                first(open, window_start) AS open,
                max(high) AS high,
                min(low) AS low,
                last(close, window_start) AS close,
                sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
                sum(sample_count) AS samples,
                last(total_volume, window_start) AS volume
            FROM price_aggregates_1m
            GROUP BY 1, 2, 3',
            candle.column1, candle.column2);
        EXECUTE format(
            'COMMENT ON VIEW price_candles_%1$s IS ''Candles of %2$s for each coin and currency, from price_aggregates_1m.'';
            COMMENT ON COLUMN price_candles_%1$s.coin_id IS ''The coin.'';
            COMMENT ON COLUMN price_candles_%1$s.vs_currency IS ''The currency of the money columns.'';
            COMMENT ON COLUMN price_candles_%1$s.bucket IS ''First instant of the candle (UTC).'';
            COMMENT ON COLUMN price_candles_%1$s.open IS ''Price of the first tick.'';
            COMMENT ON COLUMN price_candles_%1$s.high IS ''Highest price.'';
            COMMENT ON COLUMN price_candles_%1$s.low IS ''Lowest price.'';
            COMMENT ON COLUMN price_candles_%1$s.close IS ''Price of the last tick.'';
            COMMENT ON COLUMN price_candles_%1$s.average IS ''Mean of the ticks; NULL when all of its minutes are synthetic.'';
            COMMENT ON COLUMN price_candles_%1$s.samples IS ''Number of ticks.'';
            COMMENT ON COLUMN price_candles_%1$s.volume IS ''Rolling 24-hour volume at its end.''',
            candle.column1, candle.column2);
    END LOOP;
END
$$;
