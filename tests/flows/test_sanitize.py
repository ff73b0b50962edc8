"""What must not be shown: a secret as a whole, and nothing but it."""

import pytest

from flows.sanitize import redacted


@pytest.mark.parametrize(
    ("text", "secret", "shown"),
    [
        ('user "hunter2" is unknown', "hunter2", 'user "***" is unknown'),
        ("https://me:hunter2@host/", "hunter2", "https://me:***@host/"),
        ("the word p@ss(1 is wrong", "p@ss(1", "the word *** is wrong"),
        ("hunter22 and hunter2", "hunter2", "hunter22 and ***"),
        ('a failure at port 5432, user "a"', "a", 'a failure at port 5432, user "***"'),
        ("https://me:a@aha/?password=a&b=a1", "a", "https://me:***@aha/?password=***&b=a1"),
        ("nothing is secret", "", "nothing is secret"),
    ],
)
def test_a_secret_is_replaced_as_a_whole_and_nothing_else_is(text: str, secret: str, shown: str) -> None:
    assert redacted(text, [secret]) == shown
