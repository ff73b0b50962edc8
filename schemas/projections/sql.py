"""What every SQL dialect's definitions share."""

SCHEMA = "standings"


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def escaped(value: str) -> str:
    """A text as Spark and Hive write it, to whom two quotes side by side are two texts."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
