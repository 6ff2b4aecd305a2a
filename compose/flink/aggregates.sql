-- One-minute and sliding windows of prices.raw, as the Aggregator makes them. topics.sql comes before it.
-- What differs from the Aggregator's windows, and why: docs/flink.md.

SET 'pipeline.name' = 'tickline-aggregates';
SET 'parallelism.default' = '${FLINK_PARALLELISM:-2}';
-- Windows lie on the minutes of UTC, and times are written in it.
SET 'table.local-time-zone' = 'UTC';
-- A partition that brought no tick for so long holds no window back.
SET 'table.exec.source.idle-timeout' = '${FLINK_IDLE_TIMEOUT:-60 s}';

-- Exact, and rounded once, half to even. What a division in SQL would keep of two DECIMAL(38, 18) are 6 places.
CREATE TEMPORARY FUNCTION rounded_ratio AS 'tickline.RoundedRatio';

-- The ticks that count. `moment` begins with the event time in microseconds and the offset: so the least and the greatest of a
-- window are its first and its last tick, of two at the same time the one written first and the one written last.
-- Price and size in two parts each, of 6 places and the rest: their products have at most 38 digits, and are exact.
CREATE TEMPORARY VIEW valid_ticks AS
SELECT
  coin_id,
  vs_currency,
  event_time,
  price,
  `size`,
  CONCAT_WS(
    ' ',
    CAST(`timestamp` AS STRING),
    LPAD(CAST(`offset` AS STRING), 19, '0'),
    CAST(price AS STRING),
    CAST(total_volume AS STRING)
  ) AS moment,
  CAST(TRUNCATE(price, 6) AS DECIMAL(18, 6)) AS price_6,
  CAST(MOD(price, 0.000001) AS DECIMAL(18, 18)) AS price_18,
  CAST(TRUNCATE(`size`, 6) AS DECIMAL(18, 6)) AS size_6,
  CAST(MOD(`size`, 0.000001) AS DECIMAL(18, 18)) AS size_18
FROM ticks
WHERE event_time > TO_TIMESTAMP_LTZ(0, 3)
  AND coin_id <> '' AND vs_currency <> '' AND price >= 0 AND (`size` IS NULL OR `size` >= 0);

CREATE TEMPORARY VIEW tumbling_windows AS
SELECT
  coin_id,
  vs_currency,
  window_start,
  window_end,
  MIN(moment) AS first_moment,
  MAX(moment) AS last_moment,
  MAX(price) AS high,
  MIN(price) AS low,
  SUM(price) AS price_sum,
  COUNT(*) AS sample_count,
  COUNT(`size`) AS trade_count,
  SUM(`size`) AS volume,
  COUNT(price_6 * size_6) AS product_count,
  SUM(price_6 * size_6) AS product_12,
  SUM(price_6 * size_18 + price_18 * size_6) AS product_24,
  SUM(price_18 * size_18) AS product_36
FROM TABLE(TUMBLE(TABLE valid_ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY coin_id, vs_currency, window_start, window_end;

-- The same over 5 minutes, every minute.
CREATE TEMPORARY VIEW sliding_windows AS
SELECT
  coin_id,
  vs_currency,
  window_start,
  window_end,
  MIN(moment) AS first_moment,
  MAX(moment) AS last_moment,
  MAX(price) AS high,
  MIN(price) AS low,
  SUM(price) AS price_sum,
  COUNT(*) AS sample_count,
  COUNT(`size`) AS trade_count,
  SUM(`size`) AS volume,
  COUNT(price_6 * size_6) AS product_count,
  SUM(price_6 * size_6) AS product_12,
  SUM(price_6 * size_18 + price_18 * size_6) AS product_24,
  SUM(price_18 * size_18) AS product_36
FROM TABLE(HOP(TABLE valid_ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '5' MINUTES))
GROUP BY coin_id, vs_currency, window_start, window_end;

-- Both, as the records that go out.
CREATE TEMPORARY VIEW aggregates AS
SELECT
  coin_id,
  vs_currency,
  `window`,
  DATE_FORMAT(window_start, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''') AS window_start,
  DATE_FORMAT(window_end, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''') AS window_end,
  CAST(SPLIT_INDEX(first_moment, ' ', 3) AS DECIMAL(38, 18)) AS `open`,
  high,
  low,
  CAST(SPLIT_INDEX(last_moment, ' ', 3) AS DECIMAL(38, 18)) AS `close`,
  rounded_ratio(price_sum, sample_count) AS average,
  sample_count,
  NULLIF(trade_count, 0) AS trade_count,
  volume,
  -- A product that is too large is NULL, and makes that of its window.
  CASE
    WHEN product_count = trade_count THEN rounded_ratio(product_12, product_24, product_36, CAST(1 AS DECIMAL(38, 18)))
  END AS quote_volume,
  CASE WHEN product_count = trade_count THEN rounded_ratio(product_12, product_24, product_36, volume) END AS vwap,
  CAST(SPLIT_INDEX(last_moment, ' ', 4) AS DECIMAL(38, 18)) AS total_volume,
  -- Milliseconds, or microseconds where there are some.
  CONCAT(
    SUBSTRING(first_moment, 1, 10), 'T', SUBSTRING(first_moment, 12, 12),
    CASE WHEN SUBSTRING(first_moment, 24, 3) = '000' THEN '' ELSE SUBSTRING(first_moment, 24, 3) END, 'Z'
  ) AS first_tick_at,
  CONCAT(
    SUBSTRING(last_moment, 1, 10), 'T', SUBSTRING(last_moment, 12, 12),
    CASE WHEN SUBSTRING(last_moment, 24, 3) = '000' THEN '' ELSE SUBSTRING(last_moment, 24, 3) END, 'Z'
  ) AS last_tick_at,
  0 AS revision,
  FALSE AS synthetic,
  MAP['schema', ENCODE('price-aggregate/1', 'UTF-8')] AS headers
FROM (
  SELECT 'tumbling' AS `window`, * FROM tumbling_windows
  UNION ALL
  SELECT 'sliding' AS `window`, * FROM sliding_windows
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO aggregates_1m SELECT * FROM aggregates WHERE `window` = 'tumbling';
INSERT INTO aggregates_sliding SELECT * FROM aggregates WHERE `window` = 'sliding';
END;
