"""`make chaos`, or `python -m tests.chaos [TRIAL ...] [--rounds N] [--seed N]`: exits with 1 on any loss."""

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.chaos.tally import Tally

TRIALS = ("kills", "outages", "strangers", "writers", "faults", "fuzz", "lost", "quotas", "fresh")
"""Modules of this package. Each has `ROUNDS` and `run(tally, rounds, random, home)`."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("trials", nargs="*", choices=[[], *TRIALS], metavar="TRIAL", help=", ".join(TRIALS))
    parser.add_argument("--rounds", type=int, help="rounds of each trial, instead of its own number")
    parser.add_argument("--seed", type=int, default=0, help="equal seeds draw equal moments")
    asked = parser.parse_args()
    tallies = []
    for name in asked.trials or TRIALS:
        trial = importlib.import_module(f"tests.chaos.{name}")
        tally, started = Tally(name), time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"torture-{name}-") as home:
            try:
                trial.run(tally, asked.rounds or trial.ROUNDS, Random(asked.seed), Path(home))
            except Exception as error:
                tally.lose(f"the trial itself broke: {type(error).__name__}: {error}")
        tally.note(f"{time.monotonic() - started:.0f} s, seed {asked.seed}")
        tallies.append(tally)
        print("\n".join(tally.lines()), flush=True)
    sys.exit(any(tally.losses for tally in tallies))


if __name__ == "__main__":
    main()
