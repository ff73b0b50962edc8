"""Texts of others, made fit to be shown: a name, a reason or an answer may hold what a terminal obeys."""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, unquote

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


_SHORT = 5
"""A secret of up to so many characters is likely to be a part of other words, and of numbers."""


def redacted(text: str, secrets: Iterable[str], mark: str = "***") -> str:
    """The text without its secrets, plain or percent-encoded, each replaced where it stands as a whole.

    A short one only where a value stands: in quotes, behind `=`, or as a part of an address. Nothing else is altered.
    """
    forms = {form for each in secrets if each for form in (each, quote(each, safe=""), unquote(each))}
    found = [_pattern(form) for form in sorted(forms, key=len, reverse=True)]
    return re.sub("|".join(found), lambda _: mark, text) if found else text


def _pattern(secret: str) -> str:
    whole = re.escape(secret)
    if len(secret) <= _SHORT:
        return rf"(?<=[\"'=\u00ab]){whole}(?=[\"'&,;\s\u00bb]|$)|(?<=[:/@]){whole}(?=[@/?,;]|$)"
    return (r"(?<!\w)" if secret[0].isalnum() else "") + whole + (r"(?!\w)" if secret[-1].isalnum() else "")
