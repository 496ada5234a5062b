"""Texts of the files turned into values: durations, amounts, flags, countries, languages, sender IDs.

Each `parse_…` raises Wrong in words for people; each Annotated type is for the fields of a model and
knows its place in the JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from smscli.domain.contact import ConsentLevel
from smscli.domain.country_names import country_called
from smscli.domain.msisdn import is_region
from smscli.files import yaml_types
from smscli.files.located import Wrong, kind_of
from smscli.files.reading import did_you_mean, has_control, listed, quoted

T = TypeVar("T")

_DAYS = {"y": 365, "mo": 30, "w": 7, "d": 1}
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"([0-9]{1,6})\s*(y|mo|w|d|h|m|s)")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
_MISTAKEN = {"UK": "GB", "EN": "GB", "EL": "GR", "SW": "SE", "JA": "JP", "KO": "KR"}
_LONGEST = timedelta(days=365 * 100)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9&.\-_](?:[A-Za-z0-9 &.\-_]{0,9}[A-Za-z0-9&.\-_])?")
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


def parse_country(text: str) -> str:
    """An ISO 3166 country code, in capitals."""
    code = text.strip().upper()
    if not is_region(code):
        country = _MISTAKEN.get(code) or country_called(text)
        meant = f'did you mean "{country}"?' if country else "write two letters, like PL, GR or US"
        raise Wrong(f"{quoted(text)} is not an ISO country code", hint=meant)
    return code


def parse_language(text: str) -> str:
    """A language code with or without a country: `pl`, `pt-BR` (`PT_br` is the same)."""
    found = _LANGUAGE.fullmatch(text.strip())
    if not found:
        raise Wrong(
            f"{quoted(text)} is not a language code", hint="write two letters, like en or pl, or pt-BR"
        )
    primary, script, region = found.groups()
    parts = (primary.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def parse_sender(text: str) -> str:
    """A number in E.164, a short code, or a name of up to 11 characters (3GPP TS 23.040, 9.1.2.5)."""
    if not any(form.fullmatch(text) for form in (_E164, _SHORT_CODE, _NAME)):
        hint = "write a number like +12025550143, a short code of 3 to 8 digits, or a name of 1 to 11 letters"
        raise Wrong(f"{quoted(text)} is not a sender ID", hint=hint)
    return text


def parse_level(text: str) -> ConsentLevel:
    """none, soft, express or express_written (`express written` is the same)."""
    words = {level.name.lower(): level for level in ConsentLevel}
    level = words.get("_".join(re.split(r"[\s_-]+", text.strip().lower())))
    if level is None:
        meant = did_you_mean(text, words)
        otherwise = "write which was agreed to: a yes does not say it"
        hint = f'did you mean "{meant}"?' if meant else otherwise
        raise Wrong(f"{quoted(text)} is not a consent level ({listed(words, 'or')})", hint=hint)
    return level


def or_off(parse: Callable[[str], T]) -> Callable[[str], T | None]:
    """The same parser, but `off` means None."""
    return lambda text: None if is_off(text) else parse(text)


def is_off(text: str) -> bool:
    """`off`, also as the false that some YAML writers make of it."""
    return text.lower() in {"off", "none", "no", "false"}


def from_text(parse: Callable[[str], object]) -> PlainValidator:
    """A validator that takes texts only; anything else is told as such."""

    def validated(value: Any) -> Any:
        if not isinstance(value, str):
            raise Wrong(f"needs a single value, found {kind_of(value)}", code="wrong_type")
        return parse(value)

    return PlainValidator(validated)


SENDER: yaml_types.Schema = {
    "type": ["string", "number", "boolean"],
    "pattern": f"^(?:{_E164.pattern}|{_SHORT_CODE.pattern}|{_NAME.pattern})$",
    "examples": ["+12025550143", "70123", "Garage"],
}
_LANGUAGE_SCHEMA: yaml_types.Schema = {
    "anyOf": [
        {"type": "string", "pattern": yaml_types.anchored(_LANGUAGE.pattern)},
        {"type": "boolean"},  # `no`: Norwegian
    ],
    "examples": ["en", "pt-BR"],
}

Duration = Annotated[timedelta, from_text(parse_duration), WithJsonSchema(yaml_types.DURATION)]
Whole = Annotated[int, from_text(parse_whole), WithJsonSchema(yaml_types.whole())]
Amount = Annotated[Decimal, from_text(parse_amount), WithJsonSchema(yaml_types.AMOUNT)]
Flag = Annotated[bool, from_text(parse_flag), WithJsonSchema(yaml_types.FLAG)]
Line = Annotated[str, AfterValidator(parse_line), WithJsonSchema(yaml_types.TEXT)]
Country = Annotated[str, from_text(parse_country), WithJsonSchema(yaml_types.COUNTRY)]
Language = Annotated[str, from_text(parse_language), WithJsonSchema(_LANGUAGE_SCHEMA)]
SenderId = Annotated[str, from_text(parse_sender), WithJsonSchema(SENDER)]
