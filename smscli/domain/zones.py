"""Where a number may be: every IANA zone it can stand in, from its digits and from a zone column.

Knows the tables of `phonenumbers` (by prefix), the zone tables of `tzdata` (by country) and where the former
are wrong. Does not know where a person is: numbers move between states and abroad, so more zones are
the careful answer and one is a claim.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import phonenumbers
from phonenumbers.tzdata import TIMEZONE_DATA

from smscli.domain.msisdn import NO_COUNTRY, Msisdn, mask
from smscli.domain.numbering import is_tied_to_a_place

#: Area codes laid over older ones that reach into a second zone, where the library (phonenumbers 9.0.43)
#: gives the newcomer only one: in the US, then in Canada.
_OVERLAID = {
    "364": "270",
    "448": "850",
    "458": "541",
    "729": "423",
    "930": "812",
    "986": "208",
    "236": "250",
    "257": "250",
    "672": "250",
    "778": "250",
    "474": "306",
    "367": "418",
    "581": "418",
    "879": "709",
}

#: Foreign zones that the library uses for a country of several zones, whose clocks they do not keep:
#: Kaliningrad and Cancun have no summer time, Palestine has dates of its own.
_STAND_INS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "RU": {"Europe/Bucharest": ("Europe/Kaliningrad",)},
    "MX": {"America/New_York": ("America/Cancun",)},
    "PS": {"Europe/Bucharest": ("Asia/Gaza", "Asia/Hebron")},
}

#: One numbering plan for two countries: the library answers for both, the number tells them apart.
_SHARED_PLANS = frozenset({"RU", "KZ"})

#: Zones of mobile numbers that the library leaves out, by country: the leading digits, and what to add.
_LEFT_OUT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "AU": ("614", ("Australia/Darwin",)),
    "CL": ("569", ("America/Punta_Arenas", "Pacific/Easter")),
    "ID": ("628", ("Asia/Jayapura", "Asia/Makassar")),
    "PG": ("675", ("Pacific/Bougainville",)),
}

#: Names of the zone database that are no place.
_NO_PLACE = re.compile(
    r"[CEMW]ET|[EMH]ST|EST5EDT|CST6CDT|MST7MDT|PST8PDT|UTC|UCT|GMT([+-]?0)?|ETC/.*"
    r"|GREENWICH|UNIVERSAL|ZULU|FACTORY|LOCALTIME"
)
#: What people write for one: PST, CEST, +02:00, GMT+2, UTC -5.
_OFFSET = re.compile(r"[A-Z]{3,4}|((UTC|GMT)\s*)?[+-]?\d{1,2}(:?\d\d)?")


_LONGEST_NAME = 60  # twice as long as the longest
_AS_PLACES = "write it as region and city, such as Europe/Warsaw"


class BadZone(ValueError):
    """A text that names no zone smscli can use."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def zones_of(
    number: Msisdn, stated: str | None = None, *, instead: Sequence[str] = (), besides: Sequence[str] = ()
) -> tuple[str, ...]:
    """Every zone the number may be in, sorted; empty where there is none.

    `stated` is the zone column, as `check_zone_name` returned it. Inside the number's country it outranks
    the number; elsewhere (a traveller, or a mistake) it is one candidate more, and all must be open. Names
    that have kept one clock since 1970 count as one place: US/Eastern lies in the US, Asia/Calcutta in India,
    Europe/Stockholm in Germany. A zone that this machine lacks stays in the answer, so that whoever loads
    it must refuse.

    What an address says (`whereabouts.py`) ranks below that: zones `instead` of the number's where all of
    them lie in its country, and candidates more where one does not; zones `besides`, wherever they lie.
    """
    if stated is not None and lies_in(stated, number.country):
        return (stated,)
    is_better = bool(instead) and all(lies_in(zone, number.country) for zone in instead)
    of_number = () if is_better else _candidates(number)
    further = () if stated is None else (stated,)
    if not (instead or besides or further):
        return of_number
    return tuple(sorted({*of_number, *instead, *besides, *further}))


def check_zone_name(name: str, *, proposes: bool = True) -> str:
    """The zone's name as the database spells it, blind to case and surrounding spaces. Raises BadZone.

    What was probably meant is looked for in all names, which takes some milliseconds, if it `proposes`.

    Refused, with what to write in its place: unknown names, offsets (`GMT+2`, `Etc/…`) and abbreviations
    (`CET`, `EST`), which do not say when the clocks change.
    """
    wanted = name.strip()
    capitals = wanted.upper()
    known = _known_names().get(capitals)
    if _NO_PLACE.fullmatch(capitals) or (_OFFSET.fullmatch(wanted) and not (known or capitals in _cities())):
        raise BadZone(
            f'"{mask(wanted)}" is an offset or an abbreviation, which do not say when clocks change',
            "write a place, such as Europe/Warsaw or America/New_York",
        )
    if known is None:
        hint = _did_you_mean(capitals) if proposes and len(wanted) <= _LONGEST_NAME else _AS_PLACES
        raise BadZone(f'"{mask(wanted)}" is no time zone', hint)
    return known


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone, or None where this machine lacks it: whoever gets None must refuse, never skip."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def lies_in(zone: str, country: str) -> bool:
    """Does a country keep this clock, under whatever name?"""
    return _clock(zone) in _clocks_of(country)


@lru_cache(maxsize=256)
def zones_of_country(country: str) -> tuple[str, ...]:
    """Every zone of a country (ISO 3166), under its own names."""
    return _usable(set(_main_zones().get(country, ())))


def zones_of_area_code(area: str) -> tuple[str, ...]:
    """Every zone in which numbers of three digits behind +1 may be; all of the plan for those of no area."""
    return _of_area_code(area)


def _candidates(number: Msisdn) -> tuple[str, ...]:
    if number.country == NO_COUNTRY:
        return ()
    code = _calling_code(number.country)
    if code == "1":
        return _of_area_code(number.e164[2:5])
    prefix = code if _is_one_for_all(code) else _prefix_that_tells(number, code)
    zones = _at_home(prefix, number.country)
    leading, more = _LEFT_OUT.get(number.country, ("", ()))
    return tuple(sorted({*zones, *more})) if more and number.digits.startswith(leading) else zones


@cache
def _calling_code(country: str) -> str:
    return str(phonenumbers.country_code_for_region(country))


@lru_cache(maxsize=1000)
def _of_area_code(area: str) -> tuple[str, ...]:
    """The union over the area code: numbers move within it, exchanges do not bind them.

    Codes without an area (freephone, 5xx, 900) have no entry and give every zone of the plan.
    """
    found = _zones_by_area()[area] | _zones_by_area()[_OVERLAID.get(area, area)]
    return _usable(found or set(TIMEZONE_DATA["1"]))


@cache
def _zones_by_area() -> Mapping[str, set[str]]:
    zones_by_area: dict[str, set[str]] = defaultdict(set)
    for prefix, zones in TIMEZONE_DATA.items():
        if prefix.startswith("1") and len(prefix) > 1:
            zones_by_area[prefix[1:4]].update(zones)
    return zones_by_area


@cache
def _is_one_for_all(code: str) -> bool:
    """Has the library the same zones for every number of a calling code?"""
    zones = TIMEZONE_DATA.get(code)
    prefixes = (prefix for prefix in TIMEZONE_DATA if prefix.startswith(code))
    return all(TIMEZONE_DATA[prefix] == zones for prefix in prefixes)


def _prefix_that_tells(number: Msisdn, code: str) -> str:
    """The key of the library's table for this number, as `phonenumbers.timezone` finds it.

    Its costly question, whether numbers of this type are tied to a place, is asked only where the answer
    would matter.
    """
    digits = number.digits
    longest = next(
        (digits[:length] for length in _prefix_lengths(code) if digits[:length] in TIMEZONE_DATA), code
    )
    is_the_same = TIMEZONE_DATA.get(longest) == TIMEZONE_DATA.get(code)
    return longest if is_the_same or is_tied_to_a_place(number.e164, number.country) else code


@cache
def _prefix_lengths(code: str) -> tuple[int, ...]:
    """How many digits the library's prefixes of a calling code have, the longest first."""
    lengths = {len(prefix) for prefix in TIMEZONE_DATA if prefix.startswith(code)}
    return tuple(sorted(lengths - {len(code)}, reverse=True))


@lru_cache(maxsize=4096)
def _at_home(prefix: str, country: str) -> tuple[str, ...]:
    """The library's zones for a prefix, with the country's own in place of foreign stand-ins.

    The library names one zone for many that agree in its eyes: Europe/Paris for Algeria, Europe/Bucharest for
    Libya, America/Chicago for Nicaragua, Atlantic/Canary for Morocco. None of them keeps the same summer.
    """
    found = TIMEZONE_DATA.get(prefix, ())
    return _usable({home for zone in found for home in _home_of(zone, country)})


def _home_of(zone: str, country: str) -> tuple[str, ...]:
    own = _main_zones().get(country, ())
    if not own or lies_in(zone, country):
        return (zone,)
    stand_in = _STAND_INS.get(country, {}).get(zone)
    if stand_in is not None:
        return stand_in
    if country in _SHARED_PLANS:
        return ()
    return own if len(own) == 1 else (zone,)


def _usable(zones: set[str]) -> tuple[str, ...]:
    """Sorted, each under a name that this machine knows: newer systems lack old ones (Asia/Calcutta)."""
    known = (zone if zone_named(zone) else _clock(zone) for zone in zones)
    return tuple(sorted(set(known) - {"Etc/Unknown"}))


def _clock(zone: str) -> str:
    return _same_clock().get(zone, zone)


@cache
def _clocks_of(country: str) -> frozenset[str]:
    rows = _table("zone1970.tab")
    return frozenset(_clock(zone) for countries, zone in rows if country in countries.split(","))


@cache
def _main_zones() -> dict[str, tuple[str, ...]]:
    """The zones of each country, by the one table that gives every country its own names."""
    rows = list(_table("zone.tab"))
    return {country: tuple(zone for place, zone in rows if place == country) for country, _ in rows}


@cache
def _same_clock() -> dict[str, str]:
    """Links of the zone database: other and older names to the zone whose clock they have."""
    lines = _zone_file("tzdata.zi").splitlines()
    links = {alias: target for _, target, alias in (line.split() for line in lines if line.startswith("L "))}
    return {alias: links.get(target, target) for alias, target in links.items()}


def _table(name: str) -> Iterator[tuple[str, str]]:
    for line in _zone_file(name).splitlines():
        if line and not line.startswith("#"):
            countries, _, zone = line.split("\t")[:3]
            yield countries, zone


def _zone_file(name: str) -> str:
    return resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")


@cache
def _known_names() -> dict[str, str]:
    return {name.upper(): name for name in available_timezones()}


@cache
def _cities() -> dict[str, str]:
    """Zones by the last part of their name, in capitals: WARSAW."""
    return {name.rsplit("/", 1)[-1]: zone for name, zone in _places().items()}


@cache
def _places() -> dict[str, str]:
    return {name: zone for name, zone in sorted(_known_names().items()) if "/" in name and name[:4] != "ETC/"}


@lru_cache(maxsize=256)
def _did_you_mean(capitals: str) -> str:
    wanted = re.sub(r"\s+", "_", capitals)
    city = wanted.rsplit("/", 1)[-1]
    if city in _cities():
        return f"did you mean {_cities()[city]}?"
    near = [_places()[name] for name in difflib.get_close_matches(wanted, _places(), n=2, cutoff=0.75)]
    near += [_cities()[name] for name in difflib.get_close_matches(city, _cities(), n=2, cutoff=0.75)]
    if not near:
        return _AS_PLACES
    return f"did you mean {' or '.join(dict.fromkeys(near[:3]))}?"
