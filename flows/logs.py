"""Progress as lines for a person, or as JSON objects for a log store: STANDINGS_LOG says which."""

import json
import logging
import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import TextIO

from flows.sanitize import safe
from schemas.errors import StandingsError

LOGGER = "standings"
VARIABLE = "STANDINGS_LOG"
FORMS = ("text", "json")

_bound: ContextVar[Mapping[str, str]] = ContextVar("ids", default=MappingProxyType({}))


def as_json(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether every line is to be a JSON object; raises `StandingsError` where the variable says neither."""
    form = environment.get(VARIABLE) or FORMS[0]
    if form not in FORMS:
        raise StandingsError(f"{VARIABLE} is {form!r}; it must be one of {', '.join(FORMS)}")
    return form == "json"


def wants_json(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether JSON is asked for; anything else is no for whoever cannot complain."""
    return environment.get(VARIABLE) == "json"


def say(text: str, level: int = logging.INFO) -> None:
    """Tells one line in the form that is asked for, whether or not telling was started."""
    log = logging.getLogger(LOGGER)
    if not log.handlers:
        start()
    log.log(level, "%s", text)


def start(stream: TextIO | None = None) -> None:
    """Steps tell their progress from here on, in the form that is asked for; stream: standard error if None.

    In place of what was started before, so that it can be called by each command and each flow.
    """
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Json() if as_json() else _Lines())
    log = logging.getLogger(LOGGER)
    log.setLevel(logging.INFO)
    log.handlers = [handler]
    log.propagate = False


def start_in_flow() -> None:
    """The same within a run that an orchestrator started, where JSON is asked for.

    The handlers that are there stay, so that the orchestrator keeps the lines beside the run. Those that print what
    comes from anybody print it as JSON from here on.
    """
    if not as_json():
        return
    printing = [each for each in logging.getLogger().handlers if isinstance(each, logging.StreamHandler)]
    for each in printing:
        each.setFormatter(_Json())
    log = logging.getLogger(LOGGER)
    log.setLevel(logging.INFO)
    if not (printing and log.propagate) and not any(isinstance(each, _Handler) for each in log.handlers):
        handler = _Handler(sys.stderr)
        handler.setFormatter(_Json())
        log.addHandler(handler)


@contextmanager
def bind(**ids: object) -> Iterator[None]:
    """Every line that is told inside carries these ids, such as `release` and `week`; None says nothing."""
    token = _bound.set(
        {**_bound.get(), **{name: str(each) for name, each in ids.items() if each is not None}}
    )
    try:
        yield
    finally:
        _bound.reset(token)


def line(text: str) -> str:
    """A text that others may have a part in, on one line and with nothing that a terminal would obey."""
    return safe(" ".join(text.split()))


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, as against an orchestrator's."""


class _Lines(logging.Formatter):
    """Progress, a line each; a file's name or an answer's words can be in it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"  {line(super().format(record))}"


class _Json(logging.Formatter):
    """One object a line: when, how loud, who, what, and the ids of what was being done.

    Of an error that is logged with it only the type is told, since the words of one may hold a secret.
    """

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": line(record.getMessage()),
            "run": _run(),
            **_bound.get(),
        }
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__
        return json.dumps(told, ensure_ascii=False)


def _run() -> str:
    """The orchestrator's id of the run; where there is none, an id of this process's own."""
    # Only where it is imported already: that takes a second.
    if "prefect" in sys.modules:
        from prefect.runtime import flow_run

        if flow_run.id:
            return str(flow_run.id)
    return _own_run()


@cache
def _own_run() -> str:
    return str(uuid.uuid4())
