"""Lists of numbers not to text, as people and programs read of them: how many numbers, and how old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from smscli.cli.present.text import Hanging, counted, inert, problem_lines

if TYPE_CHECKING:
    from smscli.cli.excluding import Excluded

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def lines(excluded: Sequence[Excluded]) -> Iterator[tuple[str, str]]:
    """Label and text of each list for the head of a plan; the label stands once."""
    for at, each in enumerate(excluded):
        bad = f", {counted(each.bad_rows, 'bad row')} skipped" if each.bad_rows else ""
        verdict = ": too old" if each.is_too_old else ""
        numbers = counted(each.numbers, "number")
        yield ("" if at else "Exclude"), f"{each.name}: {numbers}{bad}, {age_words(each)}{verdict}"


def documents(excluded: Sequence[Excluded]) -> list[dict[str, object]]:
    """The same for programs. `fetched_from`: `key` (the campaigns file says it) or `file` (its own time)."""
    return [
        {
            "file": each.name,
            "numbers": each.numbers,
            "bad_rows": each.bad_rows,
            "fetched": each.fetched.isoformat(),
            "fetched_from": "key" if each.is_dated else "file",
            "age_days": each.age.days,
            "max_age_days": None if each.max_age is None else _in_days(each.max_age),
            "too_old": each.is_too_old,
        }
        for each in excluded
    ]


def bad_row_lines(excluded: Sequence[Excluded]) -> Iterator[Hanging]:
    """What could not be read in lists that are said to skip it."""
    for each in excluded:
        heading = f"{counted(each.bad_rows, 'bad row')} in {inert(each.name)}, excluding nobody:"
        yield from problem_lines(each.problems, heading if each.problems else None)


def age_words(each: Excluded) -> str:
    """`fetched 2026-11-01 (21 days ago, at most 31)`."""
    since = "fetched" if each.is_dated else "last written"
    is_in_hours = each.max_age is not None and bool(each.max_age % _DAY)
    if is_in_hours:
        ago = f"{each.age // _HOUR} h ago"
    else:
        ago = f"{counted(each.age.days, 'day')} ago" if each.age.days else "today"
    if each.max_age is None:
        most = ""
    elif is_in_hours:
        most = f", at most {each.max_age / _HOUR:g} h"
    else:
        most = f", at most {each.max_age.days}" + ("" if each.age.days else " days")
    return f"{since} {each.fetched} ({ago}{most})"


def _in_days(length: timedelta) -> int | float:
    return round(length / _DAY, 3) if length % _DAY else length.days
