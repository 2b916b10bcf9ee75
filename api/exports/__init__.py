"""The views as files: CSV, Excel, Parquet, Arrow, with the same query options."""
