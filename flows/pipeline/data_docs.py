"""Great Expectations' Data Docs of one run, as one page that needs nothing from elsewhere.

The library's own page loads styles and scripts from other hosts and writes values into its HTML as they are. So
only its sections are taken, without the values, under a policy that lets no browser load or run anything; the
values are in our own lines, escaped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template

VALUES = ("partial_unexpected_list", "partial_unexpected_counts", "partial_unexpected_index_list")
QUERIES = ("unexpected_list", "unexpected_index_list", "unexpected_index_query")

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Token Standings: what was checked</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }
summary { cursor: pointer; padding: .4rem 0; font-weight: 600 }
details { border-top: 1px solid #ccc }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 .8rem }
td, th { border: 1px solid #ddd; padding: .25rem .5rem; text-align: left; vertical-align: top }
h5 { font-size: 1rem; margin: 1rem 0 .3rem } h6 { margin: 0 }
code, .problem { overflow-wrap: anywhere } .badge { font-family: monospace }
.fa-check-circle::before { content: "\\2714"; color: #17703c } .fa-times::before { content: "\\2718"; color: #b00020 }
.critical, .text-danger { color: #b00020 } .warning { color: #8a5a00 } .collapse, a[data-toggle] { display: none }
</style>
</head>
<body>
<h1>What was checked</h1>
<p>Every table before its release. A critical failure stops it; a warning is published all the same.
The rows behind each line are in <code>quarantine/rows/</code>.</p>
{% for table in tables %}
<details{% if table.problems %} open{% endif %}>
<summary>{{ table.name | e }}: {{ table.problems | length or "no" }} findings in {{ table.checks }} checks</summary>
{% for grade, problem in table.problems %}
<p class="problem {{ grade | e }}">{{ grade | e }}: {{ problem | e }}</p>
{% endfor %}
{% if table.earlier %}
<p>Unchanged since it was checked: see <code>{{ table.earlier | e }}</code>.</p>
{% endif %}
{% for section in table.sections %}{% set section_loop = loop %}{% include 'section.j2' %}{% endfor %}
</details>
{% endfor %}
</body>
</html>
"""


@dataclass(frozen=True)
class Checked:
    """One table's part of the page: its findings as (severity, line), and how many checks found them.

    sections: the library's rendering of them, as `sections` gives it. earlier: the key of the page that has it, where
    nothing in the table changed since.
    """

    name: str
    problems: tuple[tuple[str, str], ...]
    checks: int = 0
    sections: tuple[dict[str, Any], ...] = ()
    earlier: str | None = None


def sections(result: Any) -> tuple[dict[str, Any], ...]:
    """The library's rendering of a suite's result, with nothing in it that came from the data."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    for each in result.results:
        for name in VALUES:
            each.result[name] = []
        for name in QUERIES:
            each.result.pop(name, None)
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(result)
    # The first and the last link to pages that are not there and name no run.
    return tuple(document.to_json_dict()["sections"][1:-1])


def page(checked: Iterable[Checked]) -> str:
    """The whole page as HTML."""
    return _template().render(tables=list(checked))


@cache
def _template() -> "Template":
    from great_expectations.render.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, DictLoader

    environment = DefaultJinjaPageView().env
    environment.loader = ChoiceLoader([environment.loader, DictLoader({"page": PAGE})])
    template: Template = environment.get_template("page")
    return template
