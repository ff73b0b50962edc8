"""How many examples a property is tried on: a third of its own number, unless `--hypothesis-profile` says otherwise.

`make test` tries that third, `make check` at most ten, and `make coverage`, which has the time, all of them. Examples
that are written out with `@example` are always tried.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import settings

ENOUGH = 12
"""A property is not tried on fewer than so many, unless it asks for fewer itself or a person for `few`."""

PROFILES: dict[str, Callable[[int], int]] = {
    "all": lambda number: number,
    "some": lambda number: min(number, max(number // 3, ENOUGH)),
    "few": lambda number: min(number, 10),
}
"""Of so many examples, how many are tried."""

for profile in PROFILES:
    settings.register_profile(profile, deadline=None, derandomize=True)


def examples(number: int, **options: Any) -> settings:
    """A property's settings: the same examples on every run, and so many of them at most."""
    tried = PROFILES.get(settings.get_current_profile_name(), PROFILES["all"])
    return settings(max_examples=tried(number), **options)
