"""Which cloaked models decide a lead: the one without which it would be certain, and no other."""

import pytest

from tests.support.frames import MONDAY, Models, Row, facts, override, standings, week_of
from transforms.decisive import decisive


def deciding(models: Models, *organisations: Row) -> list[tuple[str, int]]:
    known = facts(override("openrouter/told", "openai", MONDAY), organisations=organisations)
    tables = standings(week_of(models), reference=known)
    found = decisive(*(tables[name] for name in ("country_lead_week", "unattributed_week", "country_week")))
    return found.filter(method="all_models", knowledge="now").select("name", "tokens").rows()


@pytest.mark.parametrize(
    ("models", "names"),
    [
        ({"z-ai/a": 100, "openai/b": 60, "openrouter/alpha": 40}, ["openrouter/alpha"]),
        ({"z-ai/a": 100, "openai/b": 60, "openrouter/alpha": 39}, []),
        (
            {"z-ai/a": 100, "openai/b": 60, "openrouter/alpha": 90, "openrouter/beta": 39},
            ["openrouter/alpha"],
        ),
        ({"z-ai/a": 100, "openai/b": 60, "openrouter/alpha": 90, "openrouter/beta": 40}, []),
        (
            {"z-ai/a": 100, "openai/b": 60, "openrouter/alpha": 30, "openrouter/beta": 20},
            ["openrouter/alpha", "openrouter/beta"],
        ),
        ({"z-ai/a": 100, "openai/b": 60, "nobody/knows": 90}, []),
        ({"z-ai/a": 100, "openai/b": 60, "openrouter/told": 39}, []),
        ({"z-ai/a": 100, "openai/b": 60, "openrouter/alpha": 50, "nobody/knows": 40}, []),
        ({"z-ai/a": 100, "openrouter/alpha": 500}, []),
    ],
)
def test_a_model_decides_where_the_rest_could_not(models: Models, names: list[str]) -> None:
    assert deciding(models) == [(name, models[name]) for name in names]


@pytest.mark.parametrize(("unknown", "names"), [(19, ["openrouter/alpha"]), (20, [])])
def test_a_contested_headquarters_can_keep_a_model_from_deciding(unknown: int, names: list[str]) -> None:
    """China has 100 of which 10 are contested; the United States have 60, and those 10 and the unknown at most."""
    models = {
        "z-ai/a": 90,
        "mistralai/c": 10,
        "openai/b": 60,
        "openrouter/alpha": 30,
        "nobody/knows": unknown,
    }
    lab: Row = {"organisation": "mistral", "country_code": "CN", "known_from": MONDAY}
    assert [name for name, _ in deciding(models, lab)] == ["openrouter/alpha"]
    assert [name for name, _ in deciding(models, lab | {"contested_by": "US"})] == names
