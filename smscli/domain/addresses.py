"""What lists say of where somebody lives: a state, a province, a ZIP code.

Knows parts of countries by their ISO 3166-2 codes and by their names, as far as the holiday library does: one
that it does not know has no holidays of its own either. Does not know which rules hold there
(`jurisdictions.py`), nor which clocks (`zones.py`).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from smscli.domain.country_names import country_called
from smscli.domain.msisdn import mask

#: Countries whose numbers begin with +1 and whose ZIP codes are those of the US.
OF_THE_US = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
#: In their lists a bare code or name may be that of a US state or of a Canadian province: no two are alike.
_OF_BOTH = OF_THE_US | {"CA"}

#: As newspapers shorten the states, where that is not their code anyway (`N.Y.`, `Pa.`).
_SHORTENED = (
    "ala:AL ariz:AZ ark:AR calif:CA cal:CA colo:CO conn:CT del:DE fla:FL ill:IL ind:IN kan:KS kans:KS"
    " mass:MA mich:MI minn:MN miss:MS mont:MT neb:NE nebr:NE nev:NV nmex:NM ndak:ND okla:OK ore:OR"
    " oreg:OR prico:PR sdak:SD tenn:TN tex:TX wash:WA wva:WV wis:WI wisc:WI wyo:WY alas:AK"
    " washingtondc:DC"
)
_LONGEST = 60
_ISO = re.compile(r"([A-Z]{2,3})[-_]([A-Z0-9]{1,3})")
_CODE = re.compile(r"[A-Z0-9]{1,3}")
#: With the zero that a spreadsheet eats, or without; a database may have counted with it.
_ZIP = re.compile(r"(\d{4,5})(?:-?\d{4}|\.0+)?", re.ASCII)


class BadState(ValueError):
    """A text that names no part of the countries that were asked."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadZip(BadState):
    """A text that is no US ZIP code."""


def part_called(text: str, countries: Sequence[str], *, proposes: bool = True) -> str | None:
    """The part of a country (`US-FL`, `DE-BY`) that a cell names: by its code or name, or as `DE-BY`.

    Bare codes and names are those of these countries (ISO 3166), the first one first; a name that none of
    them has may be that of a US state or a Canadian province. None where the library knows no parts of any of
    them. Raises BadState; what was probably meant takes a millisecond to find, if it `proposes`.
    """
    if found := _iso(text) or _bare(text, countries):
        return found
    if not any(map(_parts, countries)):
        return None
    asked = " or ".join(dict.fromkeys(countries))
    hint = _did_you_mean(text, countries) if proposes and len(text) <= _LONGEST else _AS_CODES
    raise BadState(f'"{mask(text)}" is no state or province of {asked}', hint)


_AS_CODES = "write its code, such as FL, ON or DE-BY"


def zip_code(text: str) -> str:
    """The five digits of a US ZIP code or a ZIP+4, with a zero that a spreadsheet took off. Raises BadZip."""
    found = _ZIP.fullmatch(text.strip())
    if found is None:
        raise BadZip(f'"{mask(text)}" is no US ZIP code', "write five digits, such as 02139")
    return found[1].zfill(5)


def is_part(place: str) -> bool:
    """Is this the ISO 3166-2 code of a part that is known here?"""
    return _iso(place) == place


def place_name(place: str) -> str:
    """What people call a country (`New Zealand`) or a part of one (`Florida`); its code where nobody says."""
    from holidays.registry import COUNTRIES

    country, _, part = place.partition("-")
    if part and _codes(country):
        return next((name for name, code in _library(country)[1].items() if code == part), place)
    called = (module for module, (_, code, *_rest) in COUNTRIES.items() if code == country)
    return next(called, place).replace("_", " ").title() if not part else place


def _iso(text: str) -> str | None:
    """`US-FL`, `us_fl`, `USA-FL`."""
    found = _ISO.fullmatch(text.strip().upper())
    if found is None:
        return None
    country = found[1] if len(found[1]) == 2 else country_called(found[1])
    return _codes(country).get(found[2]) if country else None


def _bare(text: str, countries: Sequence[str]) -> str | None:
    key = _key(text)
    own = next((part for country in countries if (part := _parts(country).get(key))), None)
    if own or country_called(text) in countries:  # Georgia
        return own
    return _parts("US").get(key) if key in _names_of_both() else None


@cache
def _codes(country: str) -> Mapping[str, str]:
    """ISO 3166-2 codes without and with their country; none where the library knows no parts."""
    from holidays.registry import COUNTRIES  # 0.1 s: only lists that name parts of countries pay for it

    if country not in {code for _, code, *_rest in COUNTRIES.values()}:
        return {}
    known = (code for code in _library(country)[0] if _CODE.fullmatch(code))
    return MappingProxyType({code: f"{country}-{code}" for code in known})


@cache
def _library(country: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """The parts of a country, and further names of them."""
    import holidays

    known = holidays.country_holidays(country)
    return known.subdivisions, getattr(known, "subdivisions_aliases", None) or {}


@cache
def _parts(country: str) -> Mapping[str, str]:
    """All parts that a bare text may mean in a list of this country, by the letters of codes and names."""
    if country in _OF_BOTH:
        pairs = (each.split(":") for each in _SHORTENED.split())
        return {key: f"US-{code}" for key, code in pairs} | _own("CA") | _own("US")
    return _own(country)


def _own(country: str) -> dict[str, str]:
    codes = _codes(country)
    if not codes:
        return {}
    named = {_key(name): codes[code] for name, code in _library(country)[1].items() if code in codes}
    # A bare figure may be anything, and Austria's parts are 1 to 9.
    return named | {_key(code): place for code, place in codes.items() if not code.isdigit()}


@cache
def _names_of_both() -> frozenset[str]:
    """Names that are long enough to mean a state wherever they stand."""
    return frozenset(_key(name) for country in ("US", "CA") for name in _library(country)[1] if len(name) > 3)


def _key(text: str) -> str:
    """The letters and digits of a text, without case and accents."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return "".join(filter(str.isalnum, letters))


def _did_you_mean(text: str, countries: Sequence[str]) -> str:
    names = {_key(name): name for country in countries for name in _named(country)}
    near = difflib.get_close_matches(_key(text), names, n=2, cutoff=0.75)
    return f"did you mean {' or '.join(names[key] for key in near)}?" if near else _AS_CODES


def _named(country: str) -> list[str]:
    of = ("US", "CA") if country in _OF_BOTH else (country,)
    return [name for each in of if _codes(each) for name in _library(each)[1]]
