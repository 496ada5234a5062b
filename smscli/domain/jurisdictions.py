"""The rules of a place: hours, caps, consent and labels there, with what each rests on.

The rows themselves are data (`presets/rules/`), read by `files/` and handed in. This is no legal advice: each
row says its basis and how sure of it we are, and a row can only narrow what a campaign allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from smscli.domain.addresses import OF_THE_US
from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import FrequencyCap
from smscli.domain.msisdn import Msisdn
from smscli.domain.quiet_hours import HolidayRule, QuietHours, Regime


class Basis(StrEnum):
    """What a row rests on."""

    LAW = "law"  # a statute, a regulation or a regulator's binding rule that reaches text messages, or may
    OPERATOR = "operator"  # what operators and aggregators enforce
    INDUSTRY = "industry"  # codes and platform defaults
    CUSTOM = "custom"  # rules for calls, taken over out of caution, and recommended practice


class Confidence(StrEnum):
    """How sure of a row we are."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Reach(StrEnum):
    """Does the rule itself speak of text messages?"""

    YES = "yes"
    DISPUTED = "disputed"
    NO = "no"  # of calls only, or there is none


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """One row: a country (`PL`) or a part of one (`US-FL`), what holds there and why.

    `consent` is the least level for marketing, None where the row says nothing. `labels` are marks of which
    an advertisement must bear one, `labels_first` at its very start. Where it is not known whether holidays
    matter (`holidays_known`), they do. `note` is for people.
    """

    id: str
    name: str
    hours: QuietHours
    basis: Basis
    confidence: Confidence
    sources: tuple[str, ...] = ()
    caps: tuple[FrequencyCap, ...] = ()
    consent: ConsentLevel | None = None
    labels: tuple[str, ...] = ()
    note: str = ""
    reach: Reach = Reach.DISPUTED
    labels_first: bool = True
    holidays_known: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class CountryRules:
    """All rows by id, the one for places that have none, and where US and Canadian numbers and ZIP codes lie.

    `area_codes` maps three digits to the states (`US-FL`) or provinces (`CA-NS`, `CA-PE`) that share them;
    `zip_states` and `zip_zones` the first three digits of a US ZIP code to its states and time zones. Loaded
    once, and told apart by being this object: what is worked out of it is remembered.
    """

    rows: Mapping[str, Jurisdiction]
    otherwise: Jurisdiction
    area_codes: Mapping[str, tuple[str, ...]]
    zip_states: Mapping[str, tuple[str, ...]]
    zip_zones: Mapping[str, tuple[str, ...]]


def places_of(
    rules: CountryRules | None, number: Msisdn, state: str | None = None, postcode: str | None = None
) -> tuple[str, ...]:
    """The places a person may be in: `("PL",)`, `("US-FL",)`, `("US-FL", "US-NY")`. All their rules apply.

    A US or Canadian number lies where its area code does; one without an area (freephone, 5xx, 900) may lie
    anywhere in its country. A ZIP code outranks the area code, inside the US. A `state` of the number's
    country says where in it, unless number or ZIP code say something else, or it is of another country: then
    both apply. Without rules only the number's country and the state are known. One place at least is of the
    number's country.

    `state` is `US-FL`, `postcode` five digits (`addresses.py` reads both). Half a microsecond.
    """
    area = number.e164[2:5] if number.e164.startswith("+1") else ""
    return _places(rules, number.country, area, state, (postcode or "")[:3])


def jurisdictions_of(rules: CountryRules, places: tuple[str, ...]) -> tuple[Jurisdiction, ...]:
    """The rows that apply in these places, countries before their parts, each once.

    A part of a country obeys the country's row too, and US territories, which are countries to numbers and
    calendars, the federal one. A place without any has the row `otherwise`.
    """
    return tuple(dict.fromkeys(row for _, row in _rows(rules, places)))


@lru_cache(maxsize=4096)
def regimes_of(
    hours: QuietHours | None, rules: CountryRules | None, places: tuple[str, ...]
) -> tuple[Regime, ...]:
    """Whose hours apply: the campaign's (None: any hour) and every row's, each minding the place's holidays.

    The margin is about a gateway, not about a place: the campaign's stands in for that of the rows.
    """
    asked = [] if hours is None else [_regime(hours, place) for place in places]
    for place, row in _rows(rules, places) if rules else ():
        asked.append(_regime(row.hours if hours is None else replace(row.hours, margin=hours.margin), place))
    return tuple(dict.fromkeys(asked))


@lru_cache(maxsize=4096)
def caps_of(rules: CountryRules, places: tuple[str, ...]) -> tuple[FrequencyCap, ...]:
    """The frequency caps of these places; `of` names whose each is ("Florida, law")."""
    return tuple(cap for row in jurisdictions_of(rules, places) for cap in row.caps)


@lru_cache(maxsize=4096)
def consent_of(rules: CountryRules, places: tuple[str, ...]) -> ConsentLevel | None:
    """The highest of the least levels for marketing in these places; None where no row says one."""
    levels = [row.consent for row in jurisdictions_of(rules, places) if row.consent is not None]
    return max(levels, default=None)


@lru_cache(maxsize=16_384)
def _places(
    rules: CountryRules | None, country: str, area: str, state: str | None, prefix: str
) -> tuple[str, ...]:
    here = _by_number(rules, country, area, prefix) if rules else ()
    ours = state is not None and _country(state) == country
    if not here:
        # Nothing says where in the country: a state of it does, the country itself if there is none.
        here = (state,) if state is not None and ours else _anywhere(rules, country, area)
    return tuple(dict.fromkeys((*here, state) if state is not None else here))


def _by_number(rules: CountryRules, country: str, area: str, prefix: str) -> tuple[str, ...]:
    """Where the ZIP code or else the area code lies; empty where neither says."""
    by_zip = rules.zip_states.get(prefix, ()) if country in OF_THE_US else ()
    if by_zip:
        # A ZIP code of Florida and a number of Puerto Rico: the number's own country counts all the same.
        is_home = any(_country(place) == country for place in by_zip)
        return by_zip if is_home else (country, *by_zip)
    by_area = rules.area_codes.get(area, ())
    return tuple(place for place in by_area if _country(place) == country)


def _anywhere(rules: CountryRules | None, country: str, area: str) -> tuple[str, ...]:
    """The country; of the US and Canada, whose parts matter, every part that is known."""
    if rules is None or not area:
        return (country,)
    known = {*rules.rows, *(place for places in rules.area_codes.values() for place in places)}
    return (country, *sorted(place for place in known if place.startswith(f"{country}-")))


@lru_cache(maxsize=4096)
def _rows(rules: CountryRules, places: tuple[str, ...]) -> tuple[tuple[str, Jurisdiction], ...]:
    """Each place with each row that applies there."""
    return tuple((place, row) for place in places for row in _rows_of(rules, place))


def _rows_of(rules: CountryRules, place: str) -> tuple[Jurisdiction, ...]:
    country = _country(place)
    wanted = dict.fromkeys(("US" if country in OF_THE_US else country, place))
    return tuple(rules.rows[each] for each in wanted if each in rules.rows) or (rules.otherwise,)


def _regime(hours: QuietHours, place: str) -> Regime:
    """Hours that mind no holidays are the same in every part of a country."""
    return Regime(hours, place if hours.holidays is HolidayRule.SKIP else _country(place))


def _country(place: str) -> str:
    return place.partition("-")[0]
