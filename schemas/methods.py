"""The ways to count. The same week can have different leaders under them: saying so is the product."""

from dataclasses import dataclass
from typing import Literal

NINE = 9
"""Models that the rankings page's weekly chart names."""

UNPAID_AUTHORS = ("openrouter", "stealth")
"""Under whose names cloaked models are tried out at no price; what was used there stays unpaid after a reveal."""


@dataclass(frozen=True)
class Method:
    """Which of a week's rows count.

    `with_other`: whether the `other` row, every model outside the top 50, counts (as unattributed).
    `without_variant`: a variant that does not count, such as `free`.
    `without_authors`: authors of whom no model counts, by the permaslug's part before the slash.
    `largest`: keep only so many entries of the week, the largest by tokens (ties by name); None keeps all.
    `entry`: what one entry is, where `largest` is set.
    """

    name: str
    doc: str
    with_other: bool
    without_variant: str | None = None
    without_authors: tuple[str, ...] = ()
    largest: int | None = None
    entry: Literal["model_permaslug", "author"] = "model_permaslug"


METHODS: tuple[Method, ...] = (
    Method("all_models", "Every row that the source gives, `other` among the unattributed.", with_other=True),
    Method(
        "top9_named",
        "The nine largest named entries of the week, each variant its own: the chart that the press adds up.",
        with_other=False,
        largest=NINE,
    ),
    Method("named_only", "Every named model; `other` does not count.", with_other=False),
    Method(
        "paid_only",
        "Every row but the free variants and the models of `openrouter` and `stealth`, cloaked or revealed since. "
        "Prices are not held yet, so any other named model counts as paid. `other` may be either; the bounds allow "
        "for it.",
        with_other=True,
        without_variant="free",
        without_authors=UNPAID_AUTHORS,
    ),
    Method(
        "author_chart",
        "The models of the week's nine largest authors, by the permaslug's part before the slash.",
        with_other=False,
        largest=9,
        entry="author",
    ),
)
