"""So many requests in so much time: what the source allows, and how that is written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """So many requests in any window of so many seconds."""

    limit: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> "Quota":
        """The quota that is written requests/seconds; raises `ValueError` where there can be none such."""
        limit, _, seconds = text.partition("/")
        try:
            quota = cls(int(limit), float(seconds))
        except ValueError:
            quota = cls(0, 0)
        if quota.limit < 1 or not 0 < quota.seconds < float("inf"):
            raise ValueError(f"{text!r} is not requests/seconds, such as {A_MINUTE}")
        return quota

    def __str__(self) -> str:
        return f"{self.limit}/{self.seconds}"


A_MINUTE = Quota(30, 60)
A_DAY = Quota(500, 86_400)
"""What the source allows: so many a key, so many an account."""
