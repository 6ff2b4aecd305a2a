-- Ten questions to the database. Run them all:
--
--     psql "$POSTGRES_URL" -f examples/questions.sql
--
-- or one after the other in pgAdmin or Grafana. Candles are views on minutes: give them times, and they read only those.
\set ON_ERROR_STOP on
\pset null '-'

\echo '1. What does every coin cost now?'
SELECT coin_id, vs_currency, price, timestamp
FROM v_latest_prices ORDER BY market_cap DESC NULLS LAST, coin_id LIMIT 10;

\echo '2. Which coins moved most in the last hour?'
WITH hour AS (
  SELECT coin_id, vs_currency,
         (array_agg(open ORDER BY window_start))[1] AS before,
         (array_agg(close ORDER BY window_start DESC))[1] AS now
  FROM price_candles('1 minute', now() - INTERVAL '1 hour', 'infinity')
  GROUP BY coin_id, vs_currency
)
SELECT coin_id, vs_currency, before, now, round(100 * (now - before) / nullif(before, 0), 2) AS percent
FROM hour ORDER BY abs(now - before) / nullif(before, 0) DESC NULLS LAST, coin_id LIMIT 10;

\echo '3. What were the last five-minute candles of one coin?'
SELECT window_start, open, high, low, close, volume, vwap, sample_count
FROM price_candles('5 minutes', now() - INTERVAL '1 hour', 'infinity')
WHERE (coin_id, vs_currency) = ('bitcoin', 'usd') ORDER BY window_start DESC LIMIT 6;

\echo '4. How far did each coin fall from its highest close (maximum drawdown of a day)?'
WITH closes AS (
  SELECT coin_id, vs_currency, window_start, close,
         max(close) OVER (PARTITION BY coin_id, vs_currency ORDER BY window_start) AS peak
  FROM price_candles('1 minute', now() - INTERVAL '1 day', 'infinity')
)
SELECT coin_id, vs_currency, round(100 * min(close / nullif(peak, 0) - 1), 2) AS drawdown_percent
FROM closes GROUP BY coin_id, vs_currency ORDER BY 3, 1 LIMIT 10;

\echo '5. How much do prices swing (standard deviation of minute returns, in percent)?'
WITH returns AS (
  SELECT coin_id, vs_currency,
         100 * ln(close / lag(close) OVER (PARTITION BY coin_id, vs_currency ORDER BY window_start)) AS change
  FROM price_candles('1 minute', now() - INTERVAL '1 day', 'infinity') WHERE close > 0 AND sample_count > 0
)
SELECT coin_id, vs_currency, round(stddev_samp(change), 4) AS percent_a_minute, count(change) AS minutes
FROM returns GROUP BY coin_id, vs_currency ORDER BY 3 DESC NULLS LAST, 1 LIMIT 10;

\echo '6. Which coins move together (correlation of minute returns)?'
WITH returns AS (
  SELECT coin_id, window_start,
         ln(close / lag(close) OVER (PARTITION BY coin_id ORDER BY window_start))::double precision AS change
  FROM price_candles('1 minute', now() - INTERVAL '1 day', 'infinity')
  WHERE vs_currency = 'usd' AND close > 0 AND sample_count > 0
)
SELECT a.coin_id AS one, b.coin_id AS other, round(corr(a.change, b.change)::numeric, 3) AS correlation, count(*) AS minutes
FROM returns a JOIN returns b ON a.window_start = b.window_start AND a.coin_id < b.coin_id
WHERE a.change IS NOT NULL AND b.change IS NOT NULL
GROUP BY 1, 2 HAVING count(*) >= 10 ORDER BY 3 DESC NULLS LAST, 1, 2 LIMIT 10;

\echo '7. Where are gaps: minutes without a single tick?'
SELECT coin_id, vs_currency, count(*) AS empty_minutes, min(window_start) AS first, max(window_start) AS last
FROM price_aggregates_1m WHERE synthetic AND window_start > now() - INTERVAL '1 day'
GROUP BY coin_id, vs_currency ORDER BY 3 DESC, 1 LIMIT 10;

\echo '8. How far from its VWAP did a coin close (only where trades are known)?'
SELECT coin_id, window_start, close, vwap, round(100 * (close / nullif(vwap, 0) - 1), 4) AS percent, volume, trade_count
FROM price_candles('5 minutes', now() - INTERVAL '1 hour', 'infinity')
WHERE volume > 0 ORDER BY abs(close / nullif(vwap, 0) - 1) DESC NULLS LAST, 1, 2 LIMIT 10;

\echo '9. How late do ticks come (from event to the Ingestor)?'
SELECT source, count(*) AS ticks,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ingested_at - timestamp) AS half_within,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY ingested_at - timestamp) AS nearly_all_within
FROM raw_price_data WHERE timestamp > now() - INTERVAL '1 day' GROUP BY source ORDER BY source;

\echo '10. Which alerts fired, and what became of the price in the ten minutes after?'
SELECT a.triggered_at, a.rule_id, a.coin_id, a.price,
       (SELECT c.close FROM price_aggregates_1m c
        WHERE (c.coin_id, c.vs_currency) = (a.coin_id, a.vs_currency)
          AND c.window_start >= a.triggered_at AND c.window_start < a.triggered_at + INTERVAL '10 minutes'
        ORDER BY c.window_start DESC LIMIT 1) AS later
FROM price_alerts a WHERE a.triggered_at > now() - INTERVAL '1 day' ORDER BY a.triggered_at DESC LIMIT 10;
