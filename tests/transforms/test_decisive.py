"""Which cloaked models decide a lead: the one without which it would be certain, and no other."""

import pytest

from tests.support.states import MONDAY, Models, facts, override, standings, week_of
from transforms.decisive import decisive


def deciding(models: Models) -> list[tuple[str, int]]:
    tables = standings(week_of(models), reference=facts(override("openrouter/told", "openai", MONDAY)))
    found = decisive(tables["country_lead_week"], tables["unattributed_week"])
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
