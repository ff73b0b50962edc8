"""What a person does to a lake: repair it, move it back, clear it up, copy it."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from flows.lake import approvals, captures, keys
from flows.lake.lake import kind_of, move_up, open_lake, say_kind, writable
from flows.lake.latest import refresh_latest
from flows.lake.manifest import Manifest, Pointer, chain, changes, current, point_to, read_manifest, records
from flows.lake.parsed import parser_version
from flows.monitoring.verify import Problem, ProblemKind, verify
from flows.pipeline import describe, lineage
from flows.pipeline.run import Fan, Outcome, Runner, directly, in_turn, raw_to_warehouse
from flows.pipeline.validate import Record
from flows.settings import Settings, user_name
from flows.storage.object_store import Damaged, NotFound, Store
from flows.storage.open import open_store, probe
from flows.version import code_version
from flows.warehouses import duckdb
from schemas.errors import StandingsError

log = logging.getLogger("standings")


def rebuild(
    settings: Settings, run: Runner = directly, fan: Fan = in_turn, without_operator: bool = False
) -> tuple[list[str], Outcome]:
    """Publishes the same raw captures anew with today's code; returns what that changed, a line a table.

    Captures that could not be read are tried again. Nothing is asked of the source. without_operator: lets go of
    an operator's facts that the published release rests on and that these settings do not name.
    """
    store = open_lake(settings)
    before = current(store).manifest
    captures.forget_rejections(store)
    outcome = raw_to_warehouse(settings, run, fan, without_operator, anew=True)
    after = current(store).manifest
    return list(changes(before, after)) if after else [], outcome


def repair(settings: Settings, run: Runner = directly) -> tuple[list[Problem], Outcome]:
    """Rebuilds from raw whatever is missing or has other bytes; returns what was wrong and what is published now.

    Broken objects are moved to `quarantine/objects/`, where nothing reads them; `keys.FAMILIES` says of each kind
    what comes of it. A raw body that is broken cannot be rebuilt: it is set aside and put on record, and its figures
    are gone until it is brought again. Of an older release whose manifest is broken, only that there was one is left.
    """
    store = writable(settings)
    wrong = list(verify(settings))
    broken = {each.key for each in wrong if each.key and each.kind is ProblemKind.ALTERED}
    for name in broken:
        _set_aside(store, name)
    _restore_kind(store)
    _restore_pointer(store)
    if any(name.startswith((keys.REPORTS, keys.DOCS, keys.OFFENDING)) for name in broken):
        _forget_checks(store)
    for key in {key for name in broken if (key := keys.raw(name)) is not None}:
        captures.put_on_record(
            store, key, f"{key.body}: its bytes were not those that landed", code_version()
        )
    for key in captures.landed(store):
        captures.restore_request(store, key)
    # What the mark says of latest/, and the warehouse of itself, may no longer be so.
    store.delete(keys.LATEST_MARK)
    duckdb.discard(settings, store, current(store).manifest)
    outcome = raw_to_warehouse(settings, run, anew=True)
    lost = {each.key for each in wrong if each.key and each.key.startswith(describe.WRITES)}
    if lost and (manifest := current(store).manifest):
        describe.restore(store, manifest, lost)
    return wrong, outcome


def migrate(settings: Settings, run: Runner = directly) -> tuple[int | None, Outcome]:
    """Moves an older lake up to this version's format and publishes it anew; returns the format that it had.

    The format is None where it was this version's already. Older versions refuse the lake from then on.
    """
    store = writable(settings)
    if kind_of(store) is None:
        raise StandingsError(f"{store.url}: there is no lake")
    before = move_up(store)
    return before, raw_to_warehouse(settings, run)


def accept(settings: Settings, release: str, reason: str, run: Runner = directly) -> Outcome:
    """Publishes what a critical check stopped, on a person's word: who, when and why is kept in `accepted/`."""
    approvals.accept(writable(settings), release, reason)
    return raw_to_warehouse(settings, run)


def _restore_kind(store: Store) -> None:
    """Says anew what the lake holds, where that is lost: its captures' origin tells."""
    if kind_of(store) is None and (first := next(captures.landed(store), None)):
        say_kind(store, "simulated" if first.origin == "simulated" else "real")


def _restore_pointer(store: Store) -> None:
    """Points to the newest release that can be read, where the published one cannot."""
    try:
        if current(store).manifest:
            return
    except StandingsError:
        _set_aside(store, keys.POINTER)
    for name in sorted(store.list(keys.MANIFESTS), reverse=True):
        with suppress(StandingsError):
            point_to(store, read_manifest(store, keys.release(name)), None)
            return


def _forget_checks(store: Store) -> None:
    """Lets every partition be checked again: what was found before leads to a page or rows that are gone."""
    if manifest := current(store).manifest:
        store.delete(keys.checked(manifest.release))


def rollback(settings: Settings, release: str, reason: str) -> str:
    """Publishes an earlier release's tables as a new release; returns its name.

    Captures that came after it are passed over from then on, with who, when and why on record, until they are
    brought again or everything is rebuilt. Raises `StandingsError` where there is no such release or one of
    its parts is gone.
    """
    store = writable(settings)
    pointer = current(store)
    before, wanted = _published(store, pointer), _release(store, release)
    present = set(store.list(keys.PARTS))
    if missing := [each.key for _, _, each in wanted.partitions() if each.key not in present]:
        raise StandingsError(f"{store.url}/{missing[0]}: is gone, so {release} cannot be brought back")
    why = f"passed over by {user_name()} at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}: {reason}"
    for capture in set(before.captures) - set(wanted.captures):
        captures.reject(store, capture.key, why, code_version())
    again = wanted.follow(before, datetime.now(UTC))
    point_to(store, again, pointer.version)
    refresh_latest(store, again, before)
    describe.write(store, again)
    lineage.tell(settings, store, before, again)
    return again.release


def prune(settings: Settings, older_than: timedelta) -> Iterator[str]:
    """Removes what no release leads to and no run has touched for a while; yields what it removed. Never raw.

    That is parts and reports of runs that lost a race or died, their manifests, what they left staged, and what
    another version parsed: the kinds of which `keys.FAMILIES` says so; and what is on record of a listener that was
    not reached.
    """
    store = writable(settings)
    newest = current(store).manifest
    releases = list(chain(store, newest))
    kept = {name(each.release) for each in releases for name in (keys.manifest, keys.checked)}
    if record := Record.of(store, newest):
        kept |= {table["docs"] for table in record.tables.values()}
    landed = {key.sha256 for key in captures.landed(store)}
    kept |= {
        name
        for name in store.list(keys.PARSED)
        if (made := keys.parsed_of(name)) and made[0] == parser_version() and made[1] in landed
    }
    kept |= {partition.key for each in releases for _, _, partition in each.partitions()}
    kept |= {key for each in releases for key in records(each)}
    horizon = datetime.now(UTC) - older_than
    for prefix in dict.fromkeys(each.place or each.form for each in keys.FAMILIES if each.pruned):
        for name in list(store.list(prefix)):
            if name not in kept and _older(store, name, horizon):
                store.delete(name)
                yield name
    yield from store.sweep(horizon)


def copy(settings: Settings, source: str, target: str) -> Iterator[str]:
    """Copies a whole lake into an empty place; yields each object's key as it arrives.

    What leads to a release arrives before the release does, so a copy that breaks off is no lake yet; started
    again, it goes on. Raises `StandingsError` where the target already holds another lake.
    """
    origin, goal = open_store(source, settings.s3), open_store(target, settings.s3)
    if kind_of(origin) is None:
        raise StandingsError(f"{origin.url}: there is no lake")
    probe(goal)
    _demand_copy_of(origin, goal)
    names = [name for name in origin.list() if _is_copied(name)]
    last = (keys.POINTER, keys.LATEST_MARK)
    held = set(goal.list())
    for name in [*(name for name in names if name not in last), *(name for name in last if name in names)]:
        data = origin.get(name)
        if name not in held or goal.get(name) != data:
            goal.put(name, data)
        yield name


def _is_copied(name: str) -> bool:
    """Whether an object goes along: not what a run has on its way, a warehouse, or what nobody knows."""
    family = keys.family_of(name)
    if family is None:
        log.warning("copy: %s is left behind: nobody knows this object", name)
    return family is not None and family.copied


def _demand_copy_of(origin: Store, goal: Store) -> None:
    """Refuses a target that holds a release which the source does not lead to."""
    theirs = current(goal).manifest
    if theirs and theirs.release not in {each.release for each in chain(origin, current(origin).manifest)}:
        raise StandingsError(
            f"{goal.url}: holds another lake's release {theirs.release}: copy to an empty place"
        )


def _release(store: Store, release: str) -> Manifest:
    try:
        return read_manifest(store, release)
    except NotFound:
        raise StandingsError(
            f"{store.url}: there is no release {release!r}: see `standings releases`"
        ) from None


def _published(store: Store, pointer: Pointer) -> Manifest:
    if pointer.manifest is None:
        raise StandingsError(f"{store.url}: nothing is published there yet")
    return pointer.manifest


def _older(store: Store, name: str, horizon: datetime) -> bool:
    try:
        return store.modified(name) < horizon
    except NotFound:
        return False


def _set_aside(store: Store, name: str) -> None:
    try:
        data = store.get(name)
    except NotFound:
        return
    except Damaged:
        log.warning("repair: %s is not given back, so nothing of it can be kept", name)
    else:
        store.put(f"{keys.BROKEN}{name}", data)
    store.delete(name)
    log.warning("repair: %s is set aside", name)
