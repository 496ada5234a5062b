"""Phone numbers as arguments. Errors name the option or what was typed, never a number in full."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from smscli.domain.errors import UsageError
from smscli.domain.msisdn import BadNumber, Msisdn, is_region, parse

#: For commands that have the option.
OR_REGION = ", or say --region with two letters, such as --region PL"


def number_given(text: str, region: str | None, option: str = "", *, otherwise: str = "") -> Msisdn:
    """The number of one option, or (without one) argument, whose error names what was typed, masked.

    `otherwise` is how else its country can be said, in words that follow a hint. Raises UsageError.
    """
    try:
        return parse(text, region)
    except BadNumber as error:
        named = f"{option}: " if option else ""
        raise UsageError(f"{named}{error.message}", hint=_hint(error, otherwise)) from None


def numbers_given(texts: Sequence[str], region: str | None) -> tuple[Msisdn, ...]:
    """The numbers of several arguments, each once, in order. Raises one UsageError about every bad one."""
    good: dict[Msisdn, None] = {}
    bad: list[BadNumber] = []
    for text in texts:
        try:
            good[parse(text, region)] = None
        except BadNumber as error:
            bad.append(error)
    if bad:
        raise UsageError(
            "; ".join([*(error.message for error in bad), "nothing was changed"]),
            hint=_of_a_file(texts) or _hint(bad[0], OR_REGION),
        )
    return tuple(good)


def _hint(error: BadNumber, otherwise: str) -> str:
    """Of a number without a country: a command line has no `region:` for a whole list."""
    if error.code == "number_needs_country" and "region:" in error.hint:
        return f"start it with + and the country code{otherwise}"
    return "write it like +12025550123" if error.code == "not_a_number" else error.hint


def _of_a_file(texts: Sequence[str]) -> str:
    """Somebody named a file where numbers are meant."""
    named = {Path(text).suffix.lower(): text for text in texts}
    if file := named.get(".yaml") or named.get(".yml"):
        return f"a campaigns file goes behind an option: --campaigns {file}"
    if file := named.get(".csv") or named.get(".txt"):
        return f"a list of numbers is taken so: smscli optout import {file}"
    return ""


def region_given(text: str | None) -> str | None:
    """The country of `--region`. Raises UsageError for one that has no numbers."""
    if text is None or is_region(text.upper()):
        return text and text.upper()
    raise UsageError(f'--region: "{text}" is no country', hint="write two letters, such as --region PL")
