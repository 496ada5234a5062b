"""The rules of places, as they ship: hours, caps, consent and labels, and where US and Canadian numbers lie.

    load_country_rules()   every row, area code and ZIP prefix -> CountryRules
    load_policies()        the ready weeks -> QuietHours, by name

Knows the shape of `presets/rules/{countries,us_places}.yaml`, and is strict: what it does not understand is
an error of ours, a RuleFileError at the first loading. Does not know whom a row applies to
(`jurisdictions.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import CalendarPeriod, CapScope, FrequencyCap
from smscli.domain.jurisdictions import Basis, Confidence, CountryRules, Jurisdiction, Reach
from smscli.domain.quiet_hours import HolidayRule, QuietHours, Window, parse_window, weekdays
from smscli.domain.zones import zone_named

#: libyaml's where there is one: ten times as fast. Every scalar stays a text, `NO` and `09:00` too.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_Word = TypeVar("_Word", bound=StrEnum)

#: A place: a country, or a part of one as ISO 3166-2 has it.
_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_OTHERWISE = "otherwise"
_HOURS = re.compile(r"([1-9][0-9]*)h")
_DIGITS = re.compile(r"[0-9]{3}")
#: What it says of holidays where nobody said: they count.
_UNKNOWN = "unknown"

_NEEDED = frozenset({"name", "windows", "holidays", "basis", "confidence", "reaches_texts", "sources"})
_ALLOWED = _NEEDED | {"caps", "consent", "labels", "note"}
_POLICY = frozenset({"windows", "holidays", "asked_by"})


class RuleFileError(ValueError):
    """A file of ours that says something we do not understand."""


@cache
def load_country_rules() -> CountryRules:
    """Every row and table, read once. Raises RuleFileError."""
    said, places = _countries(), _keys(_read("us_places.yaml"), _PLACES, _PLACES, "us_places.yaml")
    return CountryRules(
        rows=MappingProxyType({place: _row(place, row) for place, row in said["rows"].items()}),
        otherwise=_row(_OTHERWISE, said[_OTHERWISE]),
        area_codes=_by_digits(places["area_codes"], "area_codes"),
        zip_states=_by_digits(places["zip_states"], "zip_states"),
        zip_zones=_by_digits(places["zip_zones"], "zip_zones"),
    )


@cache
def load_policies() -> Mapping[str, QuietHours]:
    """The ready weeks, by the name that `quiet_hours: {policy: …}` takes. Raises RuleFileError."""
    return MappingProxyType({name: _hours(said, name) for name, said in _policies().items()})


@cache
def policy_origins() -> Mapping[str, str]:
    """Who asked for each ready week, in words that follow "asked for by"."""
    return MappingProxyType({name: _text(said["asked_by"], name) for name, said in _policies().items()})


_COUNTRIES = frozenset({"policies", _OTHERWISE, "rows"})
_PLACES = frozenset({"area_codes", "zip_states", "zip_zones"})


@cache
def _countries() -> Mapping[str, Any]:
    return _keys(_read("countries.yaml"), _COUNTRIES, _COUNTRIES, "countries.yaml")


def _policies() -> Mapping[str, Any]:
    policies: Mapping[str, Any] = _countries()["policies"]
    return {name: _keys(said, _POLICY, _POLICY, name) for name, said in policies.items()}


def _read(name: str) -> Any:
    text = files("smscli.presets").joinpath("rules", name).read_text("utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506  # a base loader makes texts, lists and mappings only


def _row(place: str, said: object) -> Jurisdiction:
    if place != _OTHERWISE and not _PLACE.fullmatch(place):
        raise RuleFileError(f"{place} is no place: write PL or US-FL")
    row = _keys(said, _NEEDED, _ALLOWED, place)
    name, basis = _text(row["name"], place), _word(Basis, row["basis"], place)
    where, labels = _labels(row.get("labels", {}), place)
    return Jurisdiction(
        id=place,
        name=name,
        hours=_hours(row, place),
        basis=basis,
        confidence=_word(Confidence, row["confidence"], place),
        sources=_texts(row["sources"], place),
        caps=tuple(_cap(cap, f"{name}, {basis}", place) for cap in row.get("caps", ())),
        consent=_level(row["consent"], place) if "consent" in row else None,
        labels=labels,
        note=_text(row["note"], place) if "note" in row else "",
        reach=_word(Reach, row["reaches_texts"], place),
        labels_first=where == "first",
        holidays_known=row["holidays"] != _UNKNOWN,
    )


def _hours(said: Mapping[str, Any], place: str) -> QuietHours:
    week: list[tuple[Window, ...]] = [()] * 7
    try:
        for days, window in said["windows"].items():
            for day in weekdays(days):
                week[day] = (*week[day], parse_window(window))
    except (AttributeError, TypeError, ValueError) as error:
        raise RuleFileError(f"{place}: windows: {error}") from error
    holidays = said["holidays"]
    rule = HolidayRule.SKIP if holidays == _UNKNOWN else _word(HolidayRule, holidays, place)
    return QuietHours(tuple(week), rule)


def _cap(said: object, of: str, place: str) -> FrequencyCap:
    keys = frozenset({"at_most", "per", "counts"})
    cap = _keys(said, keys, keys, place)
    hours = _HOURS.fullmatch(cap["per"])
    per = timedelta(hours=int(hours[1])) if hours else _word(CalendarPeriod, cap["per"], place)
    if not cap["at_most"].isdecimal() or cap["at_most"] == "0":
        raise RuleFileError(f"{place}: at_most is {cap['at_most']!r}, and must be a number from 1")
    return FrequencyCap(int(cap["at_most"]), per, _word(CapScope, cap["counts"], place), of)


def _level(said: str, place: str) -> ConsentLevel:
    levels = {level.name.lower(): level for level in ConsentLevel}
    if said not in levels:
        raise RuleFileError(f"{place}: {said!r} is no level of consent: one of {', '.join(levels)}")
    return levels[said]


def _labels(said: object, place: str) -> tuple[str, tuple[str, ...]]:
    labels = _keys(said, frozenset(), frozenset({"first", "anywhere"}), place)
    if len(labels) > 1:
        raise RuleFileError(f"{place}: labels stand first or anywhere, not both")
    return next(((where, _texts(marks, place)) for where, marks in labels.items()), ("first", ()))


def _by_digits(said: Mapping[str, Any], table: str) -> Mapping[str, tuple[str, ...]]:
    """`US-FL: "239 305"` turned round: what each three digits stand for, sorted."""
    found: dict[str, list[str]] = {}
    for what, digits in said.items():
        if not (_PLACE.fullmatch(what) or zone_named(what)):
            raise RuleFileError(f"{table}: {what!r} is neither a place nor a zone")
        for each in digits.split():
            if not _DIGITS.fullmatch(each):
                raise RuleFileError(f"{table}: {what}: {each!r} are not three digits")
            found.setdefault(each, []).append(what)
    return MappingProxyType({digits: tuple(sorted(set(whats))) for digits, whats in found.items()})


def _keys(said: object, needed: frozenset[str], allowed: frozenset[str], place: str) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise RuleFileError(f"{place}: needs a mapping, found {said!r}")
    if odd := (said.keys() - allowed) | (needed - said.keys()):
        raise RuleFileError(f"{place}: unknown or missing: {', '.join(sorted(odd))}")
    return said


def _word(words: type[_Word], said: object, place: str) -> _Word:
    try:
        return words(str(said))
    except ValueError as error:
        raise RuleFileError(f"{place}: {error}; there are {', '.join(words)}") from error


def _texts(said: object, place: str) -> tuple[str, ...]:
    if not isinstance(said, Sequence) or isinstance(said, str):
        raise RuleFileError(f"{place}: needs a list, found {said!r}")
    return tuple(_text(each, place) for each in said)


def _text(said: object, place: str) -> str:
    if not isinstance(said, str) or not said.strip():
        raise RuleFileError(f"{place}: needs a text, found {said!r}")
    return said.strip()
