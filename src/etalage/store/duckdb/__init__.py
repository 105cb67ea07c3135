"""DuckDB: the warehouse over Parquet and the tail of the log, the roller that fills it, the archive."""
