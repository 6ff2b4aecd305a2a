-- A tick from the future must not hide the present. Readers of prices.raw refuse ticks that are more than a minute ahead of
-- the clock, but a row written before they did, or by hand, may still be here: the views leave it out.

-- Bounds that such a row has moved ahead of the clock go back to what the pair's other ticks say.
UPDATE quoted_pairs AS p
SET latest_at_least = coalesce(
    (
        SELECT max(r."timestamp")
        FROM raw_price_data AS r
        WHERE r.coin_id = p.coin_id AND r.vs_currency = p.vs_currency
            AND r."timestamp" <= now() + INTERVAL '1 minute'
    ),
    '-infinity')
WHERE p.latest_at_least > now() + INTERVAL '1 minute';

-- One probe of raw_price_data_pair_time per pair, in the chunks that can hold the answer. Pairs with a tick of the last two
-- days, which are nearly all, come first: the bound by now() lets TimescaleDB leave out the chunks of a year once for the
-- query, where a bound by the pair alone would be looked at for every pair and every chunk. There the pair's own bound isn't
-- asked, so that a newest tick which somebody deletes gives way to the one before it.
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
    t.source
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
    t.source
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

-- Closed minutes come from price_aggregates_1m (at most 1440 rows a pair, however fast the feed), the ticks since the last
-- closed minute from raw_price_data. Without an Aggregator there are no closed minutes and all of it comes from the ticks.
-- A window that starts before the 24 hours and ends in them is left out.
CREATE OR REPLACE VIEW v_price_stats_24h AS
SELECT
    coin_id,
    vs_currency,
    open,
    high,
    low,
    close,
    round(100 * (close - open) / nullif(open, 0), 4) AS change_pct,
    weighted / samples AS average,
    samples,
    volume,
    first_at,
    last_at
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
        coalesce(t.volume, l.total_volume) AS volume,
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
            (array_agg(r.total_volume ORDER BY r."timestamp" DESC))[1] AS volume,
            min(r."timestamp") AS first_at,
            max(r."timestamp") AS last_at
        FROM raw_price_data AS r
        WHERE r.coin_id = p.coin_id AND r.vs_currency = p.vs_currency
            AND r."timestamp" >= coalesce(l.window_end, now() - INTERVAL '24 hours')
            AND r."timestamp" >= now() - INTERVAL '24 hours' AND r."timestamp" <= now() + INTERVAL '1 minute'
    ) AS t ON true
) AS day
WHERE samples > 0;
