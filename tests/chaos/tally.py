"""What a trial did, and what it found lost."""

import sys
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """The counts and losses of one trial. A loss is one line that says what was lost, where, and in which round."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] += number

    def lose(self, what: str) -> None:
        self.losses.append(what)
        self.say(f"LOST: {what}")

    def expect(self, sound: bool, what: str) -> None:
        """Counts what is as it should be, and loses what is not."""
        if sound:
            self.count("checks passed")
        else:
            self.lose(what)

    def note(self, line: str) -> None:
        """A line for the summary: a histogram, or what could not be tried on this machine."""
        self.notes.append(line)

    def say(self, line: str) -> None:
        """Progress, on standard error."""
        print(f"  {self.name}: {line}", file=sys.stderr, flush=True)

    def lines(self) -> list[str]:
        """The summary."""
        counted = ", ".join(f"{number:,} {what}" for what, number in self.counts.items())
        verdict = f"{len(self.losses)} LOST" if self.losses else "nothing lost"
        return [f"{self.name}: {verdict}; {counted}", *(f"    {line}" for line in self.notes + self.losses)]
