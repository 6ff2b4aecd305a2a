-- Where aggregates.sql reads from and writes to: Tickline's topics. RunSql fills in the variables.

CREATE TEMPORARY TABLE ticks (
  coin_id STRING,
  vs_currency STRING,
  price DECIMAL(38, 18),
  `size` DECIMAL(38, 18),
  total_volume DECIMAL(38, 18),
  `timestamp` TIMESTAMP_LTZ(6),
  `offset` BIGINT METADATA VIRTUAL,
  -- In milliseconds, as Flink has it. A tick that is too far ahead of the clock, or has no time, gets one that moves no watermark.
  event_time AS CASE
    WHEN `timestamp` <= CURRENT_ROW_TIMESTAMP() + INTERVAL '1' MINUTE THEN CAST(`timestamp` AS TIMESTAMP_LTZ(3))
    ELSE TO_TIMESTAMP_LTZ(0, 3)
  END,
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${KAFKA_TOPIC_PREFIX:-}prices.raw',
  'properties.bootstrap.servers' = '${KAFKA_BOOTSTRAP_SERVERS:-kafka:29092}',
  'properties.group.id' = '${KAFKA_TOPIC_PREFIX:-}flink',
  'properties.isolation.level' = 'read_committed',
  -- Only without a checkpoint or savepoint to start from.
  'scan.startup.mode' = 'earliest-offset',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601',
  'value.json.ignore-parse-errors' = 'true'
);

-- The fields of docs/kafka.md in their order; a field that is NULL is left out. The partition is that of the key, murmur2.
CREATE TEMPORARY TABLE aggregates_1m (
  coin_id STRING,
  vs_currency STRING,
  `window` STRING,
  window_start STRING,
  window_end STRING,
  `open` DECIMAL(38, 18),
  high DECIMAL(38, 18),
  low DECIMAL(38, 18),
  `close` DECIMAL(38, 18),
  average DECIMAL(38, 18),
  sample_count BIGINT,
  trade_count BIGINT,
  volume DECIMAL(38, 18),
  quote_volume DECIMAL(38, 18),
  vwap DECIMAL(38, 18),
  total_volume DECIMAL(38, 18),
  first_tick_at STRING,
  last_tick_at STRING,
  revision INT,
  synthetic BOOLEAN,
  headers MAP<STRING, BYTES> METADATA
) WITH (
  'connector' = 'kafka',
  'topic' = '${KAFKA_TOPIC_PREFIX:-}flink.prices.aggregates.1m',
  'properties.bootstrap.servers' = '${KAFKA_BOOTSTRAP_SERVERS:-kafka:29092}',
  'key.format' = 'raw',
  'key.fields' = 'coin_id',
  'value.format' = 'json',
  'value.json.encode.ignore-null-fields' = 'true',
  'value.json.encode.decimal-as-plain-number' = 'true',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = '${KAFKA_TOPIC_PREFIX:-}flink-1m',
  -- How long the job may be away before what it had written, but not committed, is lost. Flink's default is an hour, which a broker
  -- refuses whose transaction.max.timeout.ms is Kafka's default, 15 minutes.
  'properties.transaction.timeout.ms' = '${FLINK_TRANSACTION_TIMEOUT_MS:-900000}'
);

CREATE TEMPORARY TABLE aggregates_sliding WITH (
  'topic' = '${KAFKA_TOPIC_PREFIX:-}flink.prices.aggregates.sliding',
  'sink.transactional-id-prefix' = '${KAFKA_TOPIC_PREFIX:-}flink-sliding'
) LIKE aggregates_1m (OVERWRITING OPTIONS);
