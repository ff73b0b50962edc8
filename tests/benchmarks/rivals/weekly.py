"""The weekly job with dlt and dbt on DuckDB: `python weekly.py FIRST_DAY LAST_DAY`, in the folder that keeps it all.

It runs in an environment of its own and knows nothing of ours. The folder holds the dbt project with its seeds, the
DuckDB file and dlt's state. Every answer's rows are kept with its `as_of`, so that a day has all of its vintages.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DO_NOT_TRACK": "1", "RUNTIME__LOG_LEVEL": "ERROR"}

import dlt
from dbt.cli.main import dbtRunner
from dlt.sources.helpers.requests import Response
from dlt.sources.rest_api import RESTAPIConfig, rest_api_source

HOME = Path.cwd()
WAREHOUSE = HOME / "warehouse.duckdb"


def main() -> None:
    load(*sys.argv[1:3])
    build()


def load(first: str, last: str) -> None:
    """The days from first to last, as the source gives them now, beside what it gave before."""
    pipeline = dlt.pipeline(
        "rankings",
        pipelines_dir=str(HOME / "dlt"),
        destination=dlt.destinations.duckdb(str(WAREHOUSE)),
        dataset_name="raw",
        progress=None,
    )
    pipeline.run(rankings(first, last)).raise_on_failed_jobs()


def rankings(first: str, last: str) -> Any:
    config: RESTAPIConfig = {
        "client": {
            "base_url": os.environ["OPENROUTER_BASE_URL"] + "/",
            "auth": {"type": "bearer", "token": os.environ["OPENROUTER_API_KEY"]},
            "paginator": "single_page",
        },
        "resources": [
            {
                "name": "rankings_daily",
                "endpoint": {
                    "path": "datasets/rankings-daily",
                    "params": {"start_date": first, "end_date": last, "period": "day"},
                    "data_selector": "data",
                    "response_actions": [with_vintage],
                },
                "write_disposition": "append",
                "schema_contract": {"columns": "freeze", "data_type": "freeze"},
                "columns": {
                    "date": {"data_type": "date", "nullable": False},
                    "model_permaslug": {"data_type": "text", "nullable": False},
                    "total_tokens": {"data_type": "bigint", "nullable": False},
                    "as_of": {"data_type": "timestamp", "nullable": False},
                },
            }
        ],
    }
    return rest_api_source(config, name="openrouter")


def with_vintage(response: Response, *_: Any, **__: Any) -> Response:
    """The answer with its `as_of` in every row, and each count as the integer that its text says."""
    answer = response.json()
    for row in answer["data"]:
        row["as_of"] = answer["meta"]["as_of"]
        row["total_tokens"] = int(row["total_tokens"])
    response._content = json.dumps(answer).encode()
    return response


def build() -> None:
    """Seeds, models and tests, each test before what rests on its model."""
    project = str(HOME / "dbt")
    done = dbtRunner().invoke(
        ["--quiet", "--no-use-colors", "build", "--project-dir", project, "--profiles-dir", project],
    )
    if not done.success:
        sys.exit(f"dbt build failed: {done.exception or 'see above'}")


if __name__ == "__main__":
    main()
