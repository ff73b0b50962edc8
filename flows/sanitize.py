"""Texts of others, made fit to be shown: a name, a reason or an answer may hold what a terminal obeys."""

import re
import unicodedata
from collections.abc import Iterable

# Letters and marks that take no room although Unicode counts them among the printable ones.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS_IN_A_ROW = 4
"""More marks on one letter than any script needs would grow over the lines around it."""


def safe(text: str) -> str:
    """The text on one line, with each character that is not seen where it stands written as its code.

    These are control characters such as escape and line end, marks that turn the direction of writing, blanks
    of no width, and floods of combining marks: `\\x1b`, `\\u202e`. Other blanks become plain ones.
    """
    if text.isascii() and text.isprintable():
        return text
    shown, marks = [], 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category == "Zs":
            shown.append(" ")
        elif character.isprintable() and character not in _UNSEEN and marks <= _MARKS_IN_A_ROW:
            shown.append(character)
        else:
            shown.append(character.encode("unicode_escape").decode())
    return "".join(shown)


_SHORT = 4
"""A secret of up to so many characters is likely to be a part of other words, and of numbers."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without its secrets, each replaced where it stands as a whole.

    A short one only where a value stands: in quotes, behind `=`, or between `:` and `@`.
    """
    for secret in sorted(filter(None, set(secrets)), key=len, reverse=True):
        found = rf"(?<!\w){re.escape(secret)}(?!\w)"
        if len(secret) <= _SHORT:
            found = rf"(?<=[\"'=\u00ab]){found}(?=[\"'&\s\u00bb]|$)|(?<=:){found}(?=@)"
        text = re.sub(found, "***", text)
    return text
