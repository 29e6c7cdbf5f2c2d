"""Tables, Parquet parts, manifests and views: the only home of pyarrow and DuckDB."""
