"""Extraction by several processes over a line on which much goes wrong: `tests/chaos/faults.py`, in small."""

from pathlib import Path
from random import Random

import pytest

from flows.quota import Quota
from tests.chaos import faults
from tests.chaos.tally import Tally

pytestmark = pytest.mark.slow


def test_nothing_is_lost_or_doubled_and_the_quotas_hold_whatever_the_line_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "CLIENTS", 2)
    tally = Tally("faults")
    # This seed draws a burst of refusals, pages and torn bodies among its first, and nothing that takes long.
    faults.run(tally, 20, Random(11), tmp_path, minute=Quota(5, 0.5), day=Quota(12, 3))
    assert tally.losses == []
    assert tally.counts["of them answered by the source"] >= 20
    assert tally.counts["torn bodies on record"] > 0
