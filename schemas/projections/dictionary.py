"""Tables -> the data dictionary, for people: every column with its type, unit, meaning, values and examples."""

from collections.abc import Iterable, Mapping

from schemas.table import Column, Table

Examples = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Values as they stand in the data, by table and column."""

HEAD = "| column | type | unit | may be empty | allowed | meaning | for example |"


def dictionary(tables: Iterable[Table], examples: Examples, notes: Iterable[str]) -> str:
    """The whole dictionary as Markdown; notes: what to say of it first."""
    lines = ["# Data dictionary", ""]
    for note in notes:
        lines += [note, ""]
    for table in tables:
        lines += [*_table(table, examples.get(table.name, {})), ""]
    return "\n".join(lines)


def _table(table: Table, examples: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    yield f"## {table.name}"
    yield ""
    yield table.doc
    yield ""
    yield f"A row is unique by {_names(table.key)}, and rows are in that order. Version {table.version}."
    if table.ordered:
        pairs = ", ".join(f"`{low}` <= `{high}`" for low, high in table.ordered)
        yield f"Where both have a value: {pairs}."
    yield ""
    yield HEAD
    yield "|---|---|---|---|---|---|---|"
    for column in table.columns:
        cells = (
            f"`{column.name}`",
            column.kind.value,
            column.unit,
            "yes" if column.nullable else "",
            _allowed(column),
            _cell(column.doc),
            ", ".join(_code(each) for each in examples.get(column.name, ())),
        )
        yield f"| {' | '.join(cells)} |"


def _allowed(column: Column) -> str:
    """What a value may be, where that is not everything that its type can be."""
    if column.values:
        return ", ".join(_code(each) for each in column.values)
    if column.pattern:
        return _code(column.pattern)
    low, high = (None if bound is None else f"{bound:g}" for bound in (column.minimum, column.maximum))
    if low and high:
        return f"{low} to {high}"
    return f"{low} or more" if low else f"{high} or less" if high else ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _code(text: str) -> str:
    """A text as Markdown shows it unread: in backticks, more of them than there are within it."""
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return _cell(f"{fence}{pad}{text}{pad}{fence}")


def _cell(text: str) -> str:
    """A text within one cell of a table."""
    return text.replace("|", "\\|")
