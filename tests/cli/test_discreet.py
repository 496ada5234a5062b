"""What errors quote: numbers are masked, and nothing that only has digits."""

from __future__ import annotations

import pytest

from smscli.cli.discreet import discreet, without_numbers
from smscli.domain.errors import FilesError, Place, Problem


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+12025550101", "+12•••"),
        ('no campaign "+12025550101"', 'no campaign "+12•••"'),
        ("--to=+48512345678", "--to=+48•••"),
        ("12025550101 is no topic", "120••• is no topic"),
        ("campaigns.+12025550101", "campaigns.+12•••"),
    ],
)
def test_a_number_is_masked_wherever_it_stands(text: str, shown: str) -> None:
    assert without_numbers(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "contacts-202611220930.csv",
        "/backup/202611220930/sent-log.db",
        "--since 20261122",
        "99,999,999 and 1,234,567,890",
        "message 0123456789abcdef0123456789abcdef",
        "write it like +12025550123",
        "sender: +12025550143",
        "127.0.0.1:34567",
    ],
)
def test_other_digits_and_our_own_examples_stay(text: str) -> None:
    assert without_numbers(text) == text


def test_an_error_is_masked_in_all_its_parts() -> None:
    number, where = "+12025550101", Place("+12025550101.csv", 1, None, "campaigns.+12025550101")
    wrong = FilesError(number, hint=number, problems=[Problem(where, "code", number, number)])
    error = discreet(wrong)
    assert isinstance(error, FilesError)
    [problem] = error.problems
    said = f"{error.message} {error.hint} {problem} {problem.hint}"
    assert number not in said
    assert said.count("+12•••") == 6
