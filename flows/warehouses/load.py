"""Manifest -> warehouses: every one that the settings name holds exactly what the published release lists."""

from collections.abc import Iterator
from typing import Protocol

from flows.lake.lake import open_lake
from flows.lake.manifest import Manifest, mark_loaded, pointed, published
from flows.lake.staging import Run
from flows.settings import Settings
from flows.storage.object_store import Store
from schemas.errors import StandingsError


class Warehouse(Protocol):
    """What a module is that loads one kind of warehouse."""

    def load(self, settings: Settings, store: Store, manifest: Manifest) -> None:
        """Brings the warehouse to a release. What it held stays as it was where that fails."""

    def differences(self, settings: Settings, store: Store, manifest: Manifest) -> Iterator[str]:
        """Where the warehouse holds anything but the release's rows, a line a table."""


def warehouses(settings: Settings) -> Iterator[Warehouse]:
    """The warehouses that the settings name; the DuckDB file is always there."""
    from flows.warehouses import duckdb

    yield duckdb
    if settings.postgres:
        from flows.warehouses import postgres

        yield postgres
    if settings.iceberg:
        from flows.warehouses import iceberg

        yield iceberg


def load(settings: Settings, run: Run | None = None) -> None:
    """Brings every warehouse to the published release; run: one that knows it.

    One that fails does not keep the others from it; then a `StandingsError` names each that failed. The release
    stays published, and the next run loads it.
    """
    store = open_lake(settings)
    manifest = (run and run.release) or published(store)
    failed: list[Exception] = []
    for warehouse in warehouses(settings):
        try:
            warehouse.load(settings, store, manifest)
        except Exception as problem:
            # Also what is unforeseen, so that the others are loaded before it is told.
            failed.append(problem)
    if unforeseen := [problem for problem in failed if not isinstance(problem, StandingsError)]:
        raise unforeseen[0]
    if failed:
        raise StandingsError("; ".join(str(problem) for problem in failed))
    mark_loaded(store, manifest)
    if pointed(store) != manifest.release:
        # Another run published meanwhile, and its load may have ended before this one.
        load(settings)


def differences(settings: Settings, manifest: Manifest) -> Iterator[str]:
    """Where the warehouses hold anything but the published rows, a line a warehouse and table."""
    store = open_lake(settings)
    for warehouse in warehouses(settings):
        try:
            yield from warehouse.differences(settings, store, manifest)
        except StandingsError as problem:
            yield str(problem)
