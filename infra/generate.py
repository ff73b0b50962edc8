"""Writes what is made from the tables' definitions: infra/warehouse/*.sql. `make generate`."""

from pathlib import Path

from schemas import TABLES
from schemas.warehouses import WAREHOUSES

FOLDER = Path(__file__).resolve().parent / "warehouse"


def files() -> dict[Path, str]:
    """Each file and what it should hold."""
    return {FOLDER / f"{each.name}.sql": each.script(TABLES) for each in WAREHOUSES}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, content in files().items():
        path.write_text(content)
        print(path.relative_to(FOLDER.parents[1]))
