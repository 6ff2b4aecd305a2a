-- With TimescaleDB (either edition) the tables that grow by time are hypertables of one-day chunks.
--
-- create_default_indexes => false: the index on time alone that TimescaleDB would add costs about 30 % of the insert rate,
-- and nothing here uses it (chunks are excluded by time without it). by_range came with 2.13; before it the column is named.
DO $$
DECLARE
    has_by_range boolean := EXISTS (
        SELECT FROM pg_proc p JOIN pg_extension e ON p.pronamespace = e.extnamespace
        WHERE p.proname = 'by_range' AND e.extname = 'timescaledb');
    target record;
BEGIN
    FOR target IN VALUES
        ('raw_price_data', 'timestamp'),
        ('price_aggregates_1m', 'window_start'),
        ('price_aggregates_sliding', 'window_start')
    LOOP
        IF has_by_range THEN
            EXECUTE format(
                'SELECT create_hypertable(%L, by_range(%L, INTERVAL ''1 day''), create_default_indexes => false, migrate_data => true)',
                target.column1, target.column2);
        ELSE
            EXECUTE format(
                'SELECT create_hypertable(%L, %L, chunk_time_interval => INTERVAL ''1 day'', create_default_indexes => false, migrate_data => true)',
                target.column1, target.column2);
        END IF;
    END LOOP;
END
$$;
