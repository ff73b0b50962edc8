"""How many examples a property is tried on: its own number, or few with `--hypothesis-profile few`."""

from typing import Any

from hypothesis import settings

MOST = {"few": 10}
"""Examples of any property, by profile."""

for profile in ("all", *MOST):
    settings.register_profile(profile, deadline=None, derandomize=True)


def examples(number: int, **options: Any) -> settings:
    """A property's settings: the same examples on every run, and so many of them."""
    return settings(
        max_examples=min(number, MOST.get(settings.get_current_profile_name(), number)), **options
    )
