"""The weekly job as others would write it, to be measured against: dlt and dbt on DuckDB."""
