"""The source's datasets: what can be asked of each, and over which time.

A new dataset is a parser, a table and one entry here.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Dataset:
    """One dataset of the source, as its contract describes it.

    path: where it is, under the source's base URL. history_starts: the first day that it answers for. window_days: the
    most days that one request may span. exact, sampled: the parameters that slice it; slices of the first kind add up
    to no more than the whole, those of the second are estimates by the week and are never added to anything exact.
    """

    name: str
    path: str
    history_starts: date
    window_days: int
    exact: tuple[str, ...]
    sampled: tuple[str, ...]

    @property
    def slices(self) -> tuple[str, ...]:
        """Every parameter that slices it, in the order in which a slice is named."""
        return (*self.exact, *self.sampled)


RANKINGS_DAILY = Dataset(
    name="rankings-daily",
    path="/datasets/rankings-daily",
    history_starts=date(2025, 1, 1),
    window_days=366,
    exact=("modality", "context_bucket"),
    sampled=("category", "language_type"),
)

DATASETS = (RANKINGS_DAILY,)
