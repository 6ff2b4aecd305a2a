-- On plain PostgreSQL there are no chunks to leave out, so a question about the last hours of all coins needs an index.
-- A block range index holds one entry per 128 pages: it costs next to nothing to keep while rows arrive about in time order.
CREATE INDEX raw_price_data_time_range ON raw_price_data USING brin ("timestamp") WITH (autosummarize = on);
CREATE INDEX price_aggregates_1m_time_range ON price_aggregates_1m USING brin (window_start) WITH (autosummarize = on);
