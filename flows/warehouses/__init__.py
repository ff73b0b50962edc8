"""A published release into DuckDB, PostgreSQL and Iceberg."""
