"""Times as people and programs write them, read with care where they do not say where on earth they are.

A day begins first at UTC+14 and ends last at UTC-12. Whoever asks says which of the two is the careful
reading; a time that says its offset has one reading only. Knows texts, and reads no clock.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from smscli.files.located import Wrong
from smscli.files.reading import quoted

_FIRST, _LAST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?) ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?", re.ASCII
)
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(.*)", re.ASCII)
_YEARS = range(1992, 2200)
"""The first text message was sent in December 1992."""

_HINT = "write year, month and day: 2026-03-01, or better 2026-03-01T14:05+01:00"


def earliest(text: str) -> datetime:
    """The first instant (aware UTC) that this can mean: of a day where it begins first. Raises Wrong."""
    read = _read(text)
    if isinstance(read, datetime):
        return _aware(read, _FIRST)
    return datetime(read.year, read.month, read.day, tzinfo=_FIRST).astimezone(UTC)


def latest(text: str) -> datetime:
    """The last instant (aware UTC) that this can mean: of a day its end everywhere. Raises Wrong."""
    read = _read(text)
    if isinstance(read, datetime):
        return _aware(read, _LAST)
    return datetime(read.year, read.month, read.day, tzinfo=_LAST).astimezone(UTC) + timedelta(days=1)


def _aware(read: datetime, otherwise: timezone) -> datetime:
    return (read if read.tzinfo else read.replace(tzinfo=otherwise)).astimezone(UTC)


def _read(text: str) -> date | datetime:
    """The day, or the time of day, with its offset if it has one."""
    dotted = _DOTTED.fullmatch(text)  # with dots the day stands first, wherever dots are used
    plain = f"{dotted[3]}-{dotted[2]:0>2}-{dotted[1]:0>2}{dotted[4]}" if dotted else text
    try:
        if _DAY.fullmatch(plain):
            return _possible(date.fromisoformat(plain))
        if found := _TIME.fullmatch(plain):
            offset = {"UTC": "Z", "GMT": "Z", None: ""}.get(found[3], found[3])
            return _possible(datetime.fromisoformat(f"{found[1]}T{found[2]}{offset}"))
    except ValueError:
        pass
    raise Wrong(f"{quoted(text)} is not a date, with or without a time", code="bad_date", hint=_HINT)


def _possible(read: date | datetime) -> date | datetime:
    if read.year not in _YEARS:
        raise ValueError(read.year)
    return read
