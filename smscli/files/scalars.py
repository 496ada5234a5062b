"""Texts of the files turned into values: durations, numbers, flags, words.

Each `parse_…` raises Wrong in words for people; each Annotated type is for the fields of a model and
knows its place in the JSON Schema.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from smscli.files.located import Wrong, kind_of
from smscli.files.reading import has_control, quoted

_DAYS = {"y": 365, "mo": 30, "w": 7, "d": 1}
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"([0-9]{1,6})\s*(y|mo|w|d|h|m|s)")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
_LONGEST = timedelta(days=365 * 100)
_YES = frozenset({"true", "yes", "on"})
_NO = frozenset({"false", "no", "off"})


def parse_duration(text: str) -> timedelta:
    """`2y` (365 days each), `18mo` (30 days each), `2w`, `30d`, `12h`, `90m`, `45s`, or several: `1d 12h`."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        hint = "write a number and a unit: 2y, 18mo, 2w, 30d, 12h, 90m or 45s"
        raise Wrong(f"{quoted(text)} is not a duration", hint=hint)
    duration = sum((_part(int(amount), unit) for amount, unit in parts), timedelta())
    if not timedelta() < duration <= _LONGEST:
        raise Wrong(f"{quoted(text)} has to be more than nothing and at most 100y")
    return duration


def _part(amount: int, unit: str) -> timedelta:
    if unit in _DAYS:
        return timedelta(days=min(amount * _DAYS[unit], 10**6))
    return timedelta(seconds=amount * _SECONDS[unit])


def parse_whole(text: str) -> int:
    """A whole number above nought, in plain digits."""
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < 1:
        raise Wrong(f"{quoted(text)} is not a whole number above 0", hint="write it in plain digits: 250")
    return int(text)


def parse_amount(text: str) -> Decimal:
    """An amount of money: nought or more, with a decimal point."""
    if not _NUMBER.fullmatch(text):
        raise Wrong(f"{quoted(text)} is not an amount", hint="write it like 50 or 0.032")
    return Decimal(text)


def parse_flag(text: str) -> bool:
    """true or false, as YAML people write them."""
    word = text.lower()
    if word not in _YES | _NO:
        raise Wrong(f"{quoted(text)} is neither true nor false")
    return word in _YES


def parse_line(text: str) -> str:
    """A text of one line that is not empty."""
    if not text.strip():
        raise Wrong("is empty", code="empty", hint="write something, or delete the line")
    if has_control(text):
        raise Wrong(f"{quoted(text)} has to be a single line")
    return text.strip()


def from_text(parse: Any) -> PlainValidator:
    """A validator that takes texts only; anything else is told as such."""

    def validated(value: Any) -> Any:
        if not isinstance(value, str):
            raise Wrong(f"needs a single value, found {kind_of(value)}", code="wrong_type")
        return parse(value)

    return PlainValidator(validated)


_DURATION_SCHEMA = {"type": "string", "pattern": r"^(\d+\s*(y|mo|w|d|h|m|s)\s*)+$", "examples": ["30d", "2y"]}

Duration = Annotated[timedelta, from_text(parse_duration), WithJsonSchema(_DURATION_SCHEMA)]
Whole = Annotated[int, from_text(parse_whole), WithJsonSchema({"type": "integer", "minimum": 1})]
Amount = Annotated[Decimal, from_text(parse_amount), WithJsonSchema({"type": "number", "minimum": 0})]
Flag = Annotated[bool, from_text(parse_flag), WithJsonSchema({"type": "boolean"})]
Line = Annotated[str, AfterValidator(parse_line)]
