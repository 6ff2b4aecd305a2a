-- The candles of step 011 once more, by time_bucket: TimescaleDB turns a literal bound on it into one on the table's
-- window_start and leaves chunks out; for a bound by now() there is price_candles(size, since, until).
--
-- A database that becomes one of the Community edition later has steps 006 and 009 between 011 and this one: they leave the
-- views of 5m, 1h and 1d with the columns of old, and this step makes every one of them anew.
DO $$
DECLARE
    candle record;
BEGIN
    FOR candle IN VALUES
        ('5m', '5 minutes'), ('15m', '15 minutes'), ('1h', '1 hour'), ('4h', '4 hours'), ('1d', '1 day')
    LOOP
        EXECUTE format('DROP VIEW price_candles_%s', candle.column1);
        EXECUTE format(
            'CREATE VIEW price_candles_%1$s AS
            SELECT
                coin_id,
                vs_currency,
                time_bucket(INTERVAL %2$L, window_start) AS window_start,
                first(open, window_start) AS open,
                max(high) AS high,
                min(low) AS low,
                last(close, window_start) AS close,
                sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
                sum(sample_count)::bigint AS sample_count,
                sum(trade_count)::bigint AS trade_count,
                CASE WHEN count(volume) >= count(trade_count) THEN sum(volume) END AS volume,
                CASE WHEN count(quote_volume) >= count(trade_count) THEN sum(quote_volume) END AS quote_volume,
                volume_weighted_price(
                    CASE WHEN count(quote_volume) >= count(trade_count) THEN sum(quote_volume) END,
                    CASE WHEN count(volume) >= count(trade_count) THEN sum(volume) END
                ) AS vwap,
                last(total_volume, window_start) AS total_volume_24h,
                time_bucket(INTERVAL %2$L, window_start) AS bucket,
                sum(sample_count) AS samples
            FROM price_aggregates_1m
            GROUP BY 1, 2, 3',
            candle.column1, candle.column2);
        EXECUTE format(
            'COMMENT ON VIEW price_candles_%1$s IS ''Candles of %2$s for each coin and currency, from price_aggregates_1m.'';
            COMMENT ON COLUMN price_candles_%1$s.coin_id IS ''The coin.'';
            COMMENT ON COLUMN price_candles_%1$s.vs_currency IS ''The currency of the money columns.'';
            COMMENT ON COLUMN price_candles_%1$s.window_start IS ''First instant of the candle (UTC).'';
            COMMENT ON COLUMN price_candles_%1$s.open IS ''Price of the first tick.'';
            COMMENT ON COLUMN price_candles_%1$s.high IS ''Highest price.'';
            COMMENT ON COLUMN price_candles_%1$s.low IS ''Lowest price.'';
            COMMENT ON COLUMN price_candles_%1$s.close IS ''Price of the last tick.'';
            COMMENT ON COLUMN price_candles_%1$s.average IS ''Mean of the ticks; NULL when all of its minutes are synthetic.'';
            COMMENT ON COLUMN price_candles_%1$s.sample_count IS ''Number of ticks.'';
            COMMENT ON COLUMN price_candles_%1$s.trade_count IS ''Number of trades; NULL, as the volumes, when no tick had a size.'';
            COMMENT ON COLUMN price_candles_%1$s.volume IS ''What was traded in the candle, in the coin: the sum of the sizes.'';
            COMMENT ON COLUMN price_candles_%1$s.quote_volume IS ''What was traded in the candle, in the currency: the sum of price times size.'';
            COMMENT ON COLUMN price_candles_%1$s.vwap IS ''Volume-weighted average price: quote_volume over volume, half to even at 18 places; NULL when volume is 0.'';
            COMMENT ON COLUMN price_candles_%1$s.total_volume_24h IS ''The source''''s rolling 24-hour volume at its end: never add it up.'';
            COMMENT ON COLUMN price_candles_%1$s.bucket IS ''The older name of window_start; stays for now.'';
            COMMENT ON COLUMN price_candles_%1$s.samples IS ''The older name of sample_count; stays for now.''',
            candle.column1, candle.column2);
    END LOOP;
END
$$;
