"""`python -m tools.us_places`: write where US and Canadian area codes and US ZIP codes lie.

Run by hand when numbering plans have changed. Needs `pip install zipcodes`, which smscli itself does not: the
file it makes, `presets/rules/us_places.yaml`, is shipped.
"""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from phonenumbers.geodata import GEOCODE_DATA

from smscli.domain.zones import zone_named

PLACES = Path(__file__).parent.parent / "smscli" / "presets" / "rules" / "us_places.yaml"

_HEAD = """\
# Where US and Canadian area codes and US ZIP codes lie. Made by tools/us_places.py: edit that, not this.
#
# area_codes  by state or province, from the places of phonenumbers {phonenumbers}; codes that several share
#             stand under each. One that is missing (freephone, 5xx, 900, new ones) may lie anywhere.
# zip_states  the first three digits of ZIP codes by state, from zipcodes {zipcodes} (MIT, {asked}):
#             each state that any ZIP code with these digits has
# zip_zones   the same by time zone. Added: America/Denver to 860 and 865 (the Navajo Nation keeps summer
#             time, the rest of Arizona does not), and the rest of Micronesia to 969.
#
# Mail to the armed forces (ZIP codes 090-099, 340, 962-966) has no place, and is not here.
"""

_STATES = (
    "Alabama AL, Alaska AK, Arizona AZ, Arkansas AR, California CA, Colorado CO, Connecticut CT, Delaware "
    "DE, Florida FL, Georgia GA, Hawaii HI, Idaho ID, Illinois IL, Indiana IN, Iowa IA, Kansas KS, "
    "Kentucky KY, Louisiana LA, Maine ME, Maryland MD, Massachusetts MA, Michigan MI, Minnesota MN, "
    "Mississippi MS, Missouri MO, Montana MT, Nebraska NE, Nevada NV, New Hampshire NH, New Jersey NJ, "
    "New Mexico NM, New York NY, North Carolina NC, North Dakota ND, Ohio OH, Oklahoma OK, Oregon OR, "
    "Pennsylvania PA, Rhode Island RI, South Carolina SC, South Dakota SD, Tennessee TN, Texas TX, Utah "
    "UT, Vermont VT, Virginia VA, Washington State WA, West Virginia WV, Wisconsin WI, Wyoming WY, "
    "Washington D.C. DC"
)
_PROVINCES = (
    "Alberta AB, British Columbia BC, Manitoba MB, New Brunswick NB, Newfoundland and Labrador NL, "
    "Nova Scotia NS, Ontario ON, Prince Edward Island PE, Quebec QC, Saskatchewan SK, "
    "Northwest Territories NT, Nunavut NU, Yukon YT"
)
#: Codes that the library lacks, laid over others.
_OVERLAID = {"257": "250", "782": "902"}
#: ZIP prefixes of the armed forces' mail: the library has stray states for some.
_ARMED_FORCES = {*(f"{digits:03}" for digits in range(90, 100)), "340", "962", "963", "964", "965", "966"}
#: Zones that the library, with one zone a ZIP code, leaves out.
_ZONES_TOO = {
    "860": ("America/Denver",),
    "865": ("America/Denver",),
    "969": ("Pacific/Pohnpei", "Pacific/Kosrae"),
}
#: States of their own that the US post serves.
_COUNTRIES = frozenset({"FM", "MH", "PW"})


def us_places(asked: str) -> str:
    """The whole file. `asked` is the day on which it is made."""
    states, zones = zip_tables()
    tables = {"area_codes": area_codes(), "zip_states": states, "zip_zones": zones}
    head = _HEAD.format(phonenumbers=version("phonenumbers"), zipcodes=version("zipcodes"), asked=asked)
    return head + "".join(f"\n{name}:\n" + "\n".join(_lines(table)) + "\n" for name, table in tables.items())


def area_codes() -> Mapping[str, set[str]]:
    """Place to area codes. A code lies where most of its places lie; one of several provinces in each."""
    found: dict[str, set[str]] = defaultdict(set)
    for code, places in _described().items():
        for place in _where(places):
            found[place].add(code)
    for code, older in _OVERLAID.items():
        for codes in found.values():
            codes |= {code} & ({code} if older in codes else set())
    return found


def _described() -> Mapping[str, Counter[str]]:
    """Area codes and how often the library says what of them."""
    named = dict(each.rpartition(" ")[::2] for each in f"{_STATES}, {_PROVINCES}".split(", "))
    provinces = {each.rpartition(" ")[2] for each in _PROVINCES.split(", ")}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for prefix, says in GEOCODE_DATA.items():
        if prefix[0] != "1" or len(prefix) < 4:
            continue
        for words in says.get("en", "").split("/"):
            short = words.rpartition(", ")[2]
            code = named.get(short, short)
            if code in named.values():
                found[prefix[1:4]][f"{'CA' if code in provinces else 'US'}-{code}"] += 1
    return found


def _where(places: Counter[str]) -> Iterable[str]:
    """In the US one state has a whole area code: a stray exchange is a slip. Provinces do share codes."""
    likeliest = max(places, key=lambda place: places[place])
    return places if likeliest.startswith("CA-") else (likeliest,)


def zip_tables() -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """Place, and time zone, to the first three digits of ZIP codes."""
    import zipcodes  # type: ignore[import-not-found,unused-ignore]

    states: dict[str, set[str]] = defaultdict(set)
    zones: dict[str, set[str]] = defaultdict(set)
    rows: list[dict[str, str]] = zipcodes.list_all()  # type: ignore[no-untyped-call,unused-ignore]
    for row in rows:
        digits, state, zone = row["zip_code"][:3], row["state"], row["timezone"]
        if digits in _ARMED_FORCES:
            continue
        states[state if state in _COUNTRIES else f"US-{state}"].add(digits)
        if zone and zone_named(zone):
            zones[zone].add(digits)
    for digits, more in _ZONES_TOO.items():
        for zone in more:
            zones[zone].add(digits)
    return states, zones


def _lines(table: Mapping[str, set[str]]) -> Iterator[str]:
    for key in sorted(table):
        digits = " ".join(sorted(table[key]))
        if len(digits) < 90:
            yield f'  {key}: "{digits}"'
            continue
        yield f"  {key}: >-"
        yield from textwrap.wrap(digits, 106, initial_indent="    ", subsequent_indent="    ")


def main() -> None:
    """Write it."""
    from datetime import UTC, datetime

    PLACES.write_text(us_places(f"{datetime.now(UTC):%Y-%m-%d}"), "utf-8")


if __name__ == "__main__":
    main()
