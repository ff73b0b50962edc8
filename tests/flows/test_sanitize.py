"""A secret that an error repeats goes as a whole, and nothing else does."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sanitize import redacted


@pytest.mark.parametrize(
    ("text", "secret", "shown"),
    [
        ("at postgresql://me:a@host/a", "a", "at postgresql://me:***@host/***"),
        ("a password is wanted, said a server", "a", "a password is wanted, said a server"),
        ("password=post of postgresql, postal", "post", "password=*** of postgresql, postal"),
        ('password "post" of postgresql', "post", 'password "***" of postgresql'),
        ("the word hidden is wrong", "hidden", "the word *** is wrong"),
        ("unhidden, hidden2 and hidden", "hidden", "unhidden, hidden2 and ***"),
        ("https://host/p%40ss%2Fword and p@ss/word", "p@ss/word", "https://host/*** and ***"),
        ("me:secret and secret", "me:secret", "*** and secret"),
        ("nothing", "", "nothing"),
        ("a \\1 back", r"\1-secret", "a \\1 back"),
    ],
)
def test_a_secret_is_replaced_as_a_whole(text: str, secret: str, shown: str) -> None:
    assert redacted(text, [secret]) == shown


def test_the_longest_of_several_secrets_goes_first() -> None:
    assert redacted("me:secret, secret", ["secret", "me:secret"]) == "***, ***"


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1))
def test_no_secret_stays_in_an_address_and_the_rest_of_it_does(secret: str) -> None:
    assert redacted(f"cannot reach x://u:{quote(secret, safe='')}@h", [secret]) == "cannot reach x://u:***@h"
