-- What a trade has and a price alone has not: its size, and so volume, VWAP and a count of trades.
--
-- The new columns may be NULL and have no CHECK: TimescaleDB takes no other ones on a table with compressed chunks. What may
-- stand in them is checked where records are read.

ALTER TABLE raw_price_data ADD COLUMN size numeric;
ALTER TABLE raw_price_data ADD COLUMN trade_id text;
ALTER TABLE raw_price_data ADD COLUMN side text;

COMMENT ON COLUMN raw_price_data.id IS 'Made from what the tick says (coin, currency, time, source, every number and what it says of its trade), so the same observation always has the same id; a version 8 UUID that starts with the event time in milliseconds, so new rows land side by side in the index.';
COMMENT ON COLUMN raw_price_data.size IS 'Size of the trade in the coin; NULL when the tick is a price and not a trade.';
COMMENT ON COLUMN raw_price_data.trade_id IS 'The exchange''s id of the trade, as text; NULL when there is none.';
COMMENT ON COLUMN raw_price_data.side IS 'What the taker did: buy or sell; NULL when the source does not say.';
COMMENT ON COLUMN raw_price_data.source IS 'Where the tick came from: coingecko, an exchange''s name, simulator or replay.';

ALTER TABLE price_aggregates_1m ADD COLUMN trade_count bigint;
ALTER TABLE price_aggregates_1m ADD COLUMN volume numeric;
ALTER TABLE price_aggregates_1m ADD COLUMN quote_volume numeric;
ALTER TABLE price_aggregates_1m ADD COLUMN vwap numeric;

COMMENT ON COLUMN price_aggregates_1m.trade_count IS 'Number of ticks with a size; NULL, as the volumes, when no tick had one; 0 when synthetic.';
COMMENT ON COLUMN price_aggregates_1m.volume IS 'Sum of the sizes, in the coin; exact.';
COMMENT ON COLUMN price_aggregates_1m.quote_volume IS 'Sum of price times size, in the currency; exact to the 18th place.';
COMMENT ON COLUMN price_aggregates_1m.vwap IS 'Volume-weighted average price: sum of price times size, over volume; NULL when volume is 0.';
COMMENT ON COLUMN price_aggregates_1m.total_volume IS 'Rolling 24-hour volume that came with the closing tick: never add it up. total_volume_24h in the views.';

ALTER TABLE price_aggregates_sliding ADD COLUMN trade_count bigint;
ALTER TABLE price_aggregates_sliding ADD COLUMN volume numeric;
ALTER TABLE price_aggregates_sliding ADD COLUMN quote_volume numeric;
ALTER TABLE price_aggregates_sliding ADD COLUMN vwap numeric;

COMMENT ON COLUMN price_aggregates_sliding.trade_count IS 'Number of ticks with a size; NULL, as the volumes, when no tick had one; 0 when synthetic.';
COMMENT ON COLUMN price_aggregates_sliding.volume IS 'Sum of the sizes, in the coin; exact. Sliding windows overlap: never add it up.';
COMMENT ON COLUMN price_aggregates_sliding.quote_volume IS 'Sum of price times size, in the currency; exact to the 18th place.';
COMMENT ON COLUMN price_aggregates_sliding.vwap IS 'Volume-weighted average price: sum of price times size, over volume; NULL when volume is 0.';
COMMENT ON COLUMN price_aggregates_sliding.total_volume IS 'Rolling 24-hour volume that came with the closing tick: never add it up.';

-- numeric's own division keeps 16 digits, and rounds halves up. One expression, so that the planner puts it in the place of
-- the call.
CREATE FUNCTION volume_weighted_price(quote_volume numeric, volume numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN volume > 0 THEN trim_scale(0.000000000000000001 * (
        div(quote_volume * 1000000000000000000, volume)
        + CASE
            WHEN 2 * mod(quote_volume * 1000000000000000000, volume) > volume THEN 1
            WHEN 2 * mod(quote_volume * 1000000000000000000, volume) < volume THEN 0
            ELSE mod(div(quote_volume * 1000000000000000000, volume), 2)
        END
    )) END
$$;

COMMENT ON FUNCTION volume_weighted_price IS 'quote_volume / volume, rounded half to even at 18 places; NULL when volume is NULL or 0. VWAP of a longer time is that of the sums of both.';

-- The candles. Every view and the function have the same columns; bucket and samples are older names of window_start and
-- sample_count, and stay for now. The rolling 24-hour figure, which was called volume, is total_volume_24h: volume is what
-- was traded in the candle. The views are dropped and made anew rather than replaced, so that a view of somebody's own that
-- reads them stops this step instead of charting another figure from now on. A volume that is missing from a minute with trades
-- was too large for an exact number (10^20); then the candle's is unknown as well.
DROP VIEW price_candles_5m;
DROP VIEW price_candles_1h;
DROP VIEW price_candles_1d;
DROP FUNCTION price_candles(interval, timestamptz, timestamptz);

CREATE VIEW price_candles_1m AS
SELECT
    coin_id,
    vs_currency,
    window_start,
    open,
    high,
    low,
    close,
    CASE WHEN sample_count > 0 THEN average END AS average,
    sample_count,
    trade_count,
    volume,
    quote_volume,
    vwap,
    total_volume AS total_volume_24h,
    window_start AS bucket,
    sample_count::numeric AS samples
FROM price_aggregates_1m;

DO $$
DECLARE
    candle record;
BEGIN
    FOR candle IN VALUES
        ('1m', '1 minute'), ('5m', '5 minutes'), ('15m', '15 minutes'), ('1h', '1 hour'), ('4h', '4 hours'), ('1d', '1 day')
    LOOP
        IF candle.column1 <> '1m' THEN
            EXECUTE format(
                'CREATE VIEW price_candles_%1$s AS
                SELECT
                    coin_id,
                    vs_currency,
                    date_bin(INTERVAL %2$L, window_start, TIMESTAMPTZ ''2000-01-01 00:00:00+00'') AS window_start,
                    (array_agg(open ORDER BY window_start))[1] AS open,
                    max(high) AS high,
                    min(low) AS low,
                    (array_agg(close ORDER BY window_start DESC))[1] AS close,
                    sum(average * sample_count) / nullif(sum(sample_count), 0) AS average,
                    sum(sample_count)::bigint AS sample_count,
                    sum(trade_count)::bigint AS trade_count,
                    CASE WHEN count(volume) >= count(trade_count) THEN sum(volume) END AS volume,
                    CASE WHEN count(quote_volume) >= count(trade_count) THEN sum(quote_volume) END AS quote_volume,
                    volume_weighted_price(
                        CASE WHEN count(quote_volume) >= count(trade_count) THEN sum(quote_volume) END,
                        CASE WHEN count(volume) >= count(trade_count) THEN sum(volume) END
                    ) AS vwap,
                    (array_agg(total_volume ORDER BY window_start DESC))[1] AS total_volume_24h,
                    date_bin(INTERVAL %2$L, window_start, TIMESTAMPTZ ''2000-01-01 00:00:00+00'') AS bucket,
                    sum(sample_count) AS samples
                FROM price_aggregates_1m
                GROUP BY 1, 2, 3',
                candle.column1, candle.column2);
        END IF;
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

-- Candles of any size over any stretch of time: the bounds are asked of price_aggregates_1m itself, so that only the chunks or
-- the part of the index that can hold the answer are read. (A bound on a view's window_start can't always be turned into one
-- on the table's: never on plain PostgreSQL, and on TimescaleDB only when it is a literal.) The planner puts the function's
-- query in the place of the call.
CREATE FUNCTION price_candles(size interval, since timestamptz, until timestamptz)
RETURNS TABLE (
    coin_id text,
    vs_currency text,
    window_start timestamptz,
    open numeric,
    high numeric,
    low numeric,
    close numeric,
    average numeric,
    sample_count bigint,
    trade_count bigint,
    volume numeric,
    quote_volume numeric,
    vwap numeric,
    total_volume_24h numeric,
    bucket timestamptz,
    samples numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        a.coin_id,
        a.vs_currency,
        date_bin(size, a.window_start, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS window_start,
        (array_agg(a.open ORDER BY a.window_start))[1] AS open,
        max(a.high) AS high,
        min(a.low) AS low,
        (array_agg(a.close ORDER BY a.window_start DESC))[1] AS close,
        sum(a.average * a.sample_count) / nullif(sum(a.sample_count), 0) AS average,
        sum(a.sample_count)::bigint AS sample_count,
        sum(a.trade_count)::bigint AS trade_count,
        CASE WHEN count(a.volume) >= count(a.trade_count) THEN sum(a.volume) END AS volume,
        CASE WHEN count(a.quote_volume) >= count(a.trade_count) THEN sum(a.quote_volume) END AS quote_volume,
        volume_weighted_price(
            CASE WHEN count(a.quote_volume) >= count(a.trade_count) THEN sum(a.quote_volume) END,
            CASE WHEN count(a.volume) >= count(a.trade_count) THEN sum(a.volume) END
        ) AS vwap,
        (array_agg(a.total_volume ORDER BY a.window_start DESC))[1] AS total_volume_24h,
        date_bin(size, a.window_start, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS bucket,
        sum(a.sample_count) AS samples
    FROM price_aggregates_1m AS a
    WHERE a.window_start >= since AND a.window_start < until
    GROUP BY 1, 2, 3
$$;

COMMENT ON FUNCTION price_candles IS 'Candles of any size up to days from the minutes in [since, until), in UTC; the columns are those of price_candles_5m.';

-- v_latest_prices, with the 24-hour figure by its new name; the old one means the same and stays for now.
CREATE OR REPLACE VIEW v_latest_prices AS
SELECT
    p.coin_id,
    c.symbol,
    c.name,
    p.vs_currency,
    t.price,
    t.market_cap,
    t.market_cap_rank,
    t.total_volume,
    t.high_24h,
    t.low_24h,
    t.price_change_percentage_24h,
    t."timestamp",
    t.ingested_at,
    t.source,
    t.total_volume AS total_volume_24h
FROM quoted_pairs AS p
JOIN cryptocurrencies AS c ON c.coin_id = p.coin_id
CROSS JOIN LATERAL (
    SELECT r.*
    FROM raw_price_data AS r
    WHERE r.coin_id = p.coin_id AND r.vs_currency = p.vs_currency
        AND r."timestamp" >= now() - INTERVAL '2 days' AND r."timestamp" <= now() + INTERVAL '1 minute'
    ORDER BY r."timestamp" DESC
    LIMIT 1
) AS t
WHERE p.latest_at_least >= now() - INTERVAL '2 days'
UNION ALL
SELECT
    p.coin_id,
    c.symbol,
    c.name,
    p.vs_currency,
    t.price,
    t.market_cap,
    t.market_cap_rank,
    t.total_volume,
    t.high_24h,
    t.low_24h,
    t.price_change_percentage_24h,
    t."timestamp",
    t.ingested_at,
    t.source,
    t.total_volume AS total_volume_24h
FROM quoted_pairs AS p
JOIN cryptocurrencies AS c ON c.coin_id = p.coin_id
CROSS JOIN LATERAL (
    SELECT r.*
    FROM raw_price_data AS r
    WHERE r.coin_id = p.coin_id AND r.vs_currency = p.vs_currency AND r."timestamp" >= p.latest_at_least
        AND r."timestamp" <= now() + INTERVAL '1 minute'
    ORDER BY r."timestamp" DESC
    LIMIT 1
) AS t
WHERE p.latest_at_least < now() - INTERVAL '2 days';

COMMENT ON COLUMN v_latest_prices.total_volume IS 'The older name of total_volume_24h; stays for now.';
COMMENT ON COLUMN v_latest_prices.total_volume_24h IS 'The source''s rolling 24-hour volume; NULL when it does not say, as exchanges'' trades do not.';

-- Closed minutes come from price_aggregates_1m (at most 1440 rows a pair, however fast the feed), the ticks since the last
-- closed minute from raw_price_data. Without an Aggregator there are no closed minutes and all of it comes from the ticks.
-- A window that starts before the 24 hours and ends in them is left out.
DROP VIEW v_price_stats_24h;

CREATE VIEW v_price_stats_24h AS
SELECT
    coin_id,
    vs_currency,
    open,
    high,
    low,
    close,
    round(100 * (close - open) / nullif(open, 0), 4) AS change_pct,
    weighted / samples AS average,
    samples::bigint AS sample_count,
    trade_count,
    volume,
    quote_volume,
    volume_weighted_price(quote_volume, volume) AS vwap,
    total_volume_24h,
    first_at,
    last_at,
    samples
FROM (
    SELECT
        p.coin_id,
        p.vs_currency,
        coalesce(f.open, t.open) AS open,
        greatest(m.high, t.high) AS high,
        least(m.low, t.low) AS low,
        coalesce(t.close, l.close) AS close,
        coalesce(m.weighted, 0) + coalesce(t.weighted, 0) AS weighted,
        coalesce(m.samples, 0) + coalesce(t.samples, 0) AS samples,
        coalesce(m.trade_count + t.trade_count, m.trade_count, t.trade_count)::bigint AS trade_count,
        coalesce(m.volume + t.volume, m.volume, t.volume) AS volume,
        coalesce(m.quote_volume + t.quote_volume, m.quote_volume, t.quote_volume) AS quote_volume,
        coalesce(t.total_volume, l.total_volume) AS total_volume_24h,
        coalesce(f.first_tick_at, t.first_at) AS first_at,
        coalesce(t.last_at, l.last_tick_at) AS last_at
    FROM quoted_pairs AS p
    LEFT JOIN (
        SELECT
            a.coin_id,
            a.vs_currency,
            max(a.high) AS high,
            min(a.low) AS low,
            sum(a.average * a.sample_count) AS weighted,
            sum(a.sample_count) AS samples,
            sum(a.trade_count) AS trade_count,
            sum(a.volume) AS volume,
            sum(a.quote_volume) AS quote_volume,
            min(a.window_start) AS first_window,
            max(a.window_start) AS last_window
        FROM price_aggregates_1m AS a
        WHERE a.window_start >= now() - INTERVAL '24 hours' AND a.window_start <= now() AND a.sample_count > 0
        GROUP BY a.coin_id, a.vs_currency
    ) AS m ON m.coin_id = p.coin_id AND m.vs_currency = p.vs_currency
    -- The first and the last window by their key: ordered aggregates would sort every pair's windows instead.
    LEFT JOIN LATERAL (
        SELECT a.open, a.first_tick_at
        FROM price_aggregates_1m AS a
        WHERE a.coin_id = p.coin_id AND a.vs_currency = p.vs_currency AND a.window_start = m.first_window
            AND a.window_start >= now() - INTERVAL '24 hours'
        LIMIT 1
    ) AS f ON true
    LEFT JOIN LATERAL (
        SELECT a.close, a.total_volume, a.last_tick_at, a.window_end
        FROM price_aggregates_1m AS a
        WHERE a.coin_id = p.coin_id AND a.vs_currency = p.vs_currency AND a.window_start = m.last_window
            AND a.window_start >= now() - INTERVAL '24 hours'
        LIMIT 1
    ) AS l ON true
    LEFT JOIN LATERAL (
        SELECT
            (array_agg(r.price ORDER BY r."timestamp"))[1] AS open,
            max(r.price) AS high,
            min(r.price) AS low,
            (array_agg(r.price ORDER BY r."timestamp" DESC))[1] AS close,
            sum(r.price) AS weighted,
            count(*) AS samples,
            nullif(count(r.size), 0) AS trade_count,
            sum(r.size) AS volume,
            sum(r.price * r.size) AS quote_volume,
            (array_agg(r.total_volume ORDER BY r."timestamp" DESC))[1] AS total_volume,
            min(r."timestamp") AS first_at,
            max(r."timestamp") AS last_at
        FROM raw_price_data AS r
        WHERE r.coin_id = p.coin_id AND r.vs_currency = p.vs_currency
            AND r."timestamp" >= coalesce(l.window_end, now() - INTERVAL '24 hours')
            AND r."timestamp" >= now() - INTERVAL '24 hours' AND r."timestamp" <= now() + INTERVAL '1 minute'
    ) AS t ON true
) AS day
WHERE samples > 0;

COMMENT ON VIEW v_price_stats_24h IS 'What each coin did in the last 24 hours, in each currency: closed minutes plus the ticks since.';
COMMENT ON COLUMN v_price_stats_24h.coin_id IS 'The coin.';
COMMENT ON COLUMN v_price_stats_24h.vs_currency IS 'The currency of the money columns.';
COMMENT ON COLUMN v_price_stats_24h.open IS 'First price.';
COMMENT ON COLUMN v_price_stats_24h.high IS 'Highest price.';
COMMENT ON COLUMN v_price_stats_24h.low IS 'Lowest price.';
COMMENT ON COLUMN v_price_stats_24h.close IS 'Last price.';
COMMENT ON COLUMN v_price_stats_24h.change_pct IS 'Change from open to close, in percent.';
COMMENT ON COLUMN v_price_stats_24h.average IS 'Mean of the ticks.';
COMMENT ON COLUMN v_price_stats_24h.sample_count IS 'Number of ticks.';
COMMENT ON COLUMN v_price_stats_24h.trade_count IS 'Number of trades; NULL, as the volumes, when no tick had a size.';
COMMENT ON COLUMN v_price_stats_24h.volume IS 'What was traded, in the coin: the sum of the sizes of the ticks that are here.';
COMMENT ON COLUMN v_price_stats_24h.quote_volume IS 'What was traded, in the currency: the sum of price times size.';
COMMENT ON COLUMN v_price_stats_24h.vwap IS 'Volume-weighted average price: quote_volume over volume, half to even at 18 places; NULL when volume is 0.';
COMMENT ON COLUMN v_price_stats_24h.total_volume_24h IS 'The newest rolling 24-hour volume, as the source says it.';
COMMENT ON COLUMN v_price_stats_24h.first_at IS 'Event time of the first tick.';
COMMENT ON COLUMN v_price_stats_24h.last_at IS 'Event time of the last tick.';
COMMENT ON COLUMN v_price_stats_24h.samples IS 'The older name of sample_count; stays for now.';
