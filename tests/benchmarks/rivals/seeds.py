"""The reference facts as dbt's seeds, so that none stands in the tree twice.

`python -m tests.benchmarks.rivals.seeds FOLDER` writes them.
"""

import sys
from pathlib import Path

import polars as pl

from schemas import reference
from schemas.methods import METHODS


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in seeds(reference.load()).items():
        rows.write_csv(folder / f"{name}.csv")


def seeds(facts: reference.Reference) -> dict[str, pl.DataFrame]:
    """What their models need of the facts; of the overrides those that are sure enough to count."""
    held = ("valid_from", "valid_to")
    sure = facts.overrides.filter(pl.col("confidence").is_in(reference.at_least(facts.minimum_confidence)))
    return {
        "countries": facts.countries.select("country_code", "country_name"),
        "organisations": facts.organisations.select("organisation", "country_code", *held),
        "authors": facts.authors.select("author", "kind", "organisation", *held),
        "overrides": sure.select("permaslug", "kind", "organisation", *held, "known_from", "known_to"),
        "methods": pl.DataFrame(
            [
                (
                    each.name,
                    each.with_other,
                    each.without_variant,
                    # CSV holds no lists.
                    " ".join(each.without_authors) or None,
                    each.largest,
                    each.entry,
                )
                for each in METHODS
            ],
            schema=["method", "with_other", "without_variant", "without_authors", "largest", "entry"],
            orient="row",
        ),
    }


if __name__ == "__main__":
    main()
