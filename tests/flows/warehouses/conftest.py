"""What tests of the warehouses share."""

import pytest

from flows.lake import reader


@pytest.fixture(autouse=True)
def _of_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load reads every part from the store, as in a process that has written none."""
    monkeypatch.setattr(reader, "written", reader._Written(0))
