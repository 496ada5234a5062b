"""Countries by what people call them, for hints: `Poland`, `POL` and `Polska` are PL. Nothing is read so."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from smscli.domain.msisdn import is_region

# What countries of our nine languages call themselves, and other names that the library does not have.
_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "polska": "PL",
        "deutschland": "DE",
        "österreich": "AT",
        "schweiz": "CH",
        "suisse": "CH",
        "españa": "ES",
        "italia": "IT",
        "brasil": "BR",
        "belgique": "BE",
        "ελλάδα": "GR",
        "κύπρος": "CY",
        "россия": "RU",
        "türkiye": "TR",
        "great britain": "GB",
        "england": "GB",
        "united states of america": "US",
        "holland": "NL",
        "czech republic": "CZ",
    }
)


def country_called(name: str) -> str | None:
    """The country of this English name or three letters, in two; None for what nobody calls a country.

    Blind to case, accents and whatever stands between letters.
    """
    return _countries().get(_letters(name))


@cache
def _countries() -> Mapping[str, str]:
    from holidays.registry import COUNTRIES  # 0.1 s: only who misspells a country pays for it

    found = {_letters(name): country for name, country in _OTHER_NAMES.items()}
    for name, (_, country, three_letters, *_rest) in COUNTRIES.items():
        found |= {_letters(name): country, _letters(three_letters): country}
    return {name: country for name, country in found.items() if is_region(country)}


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, unicodedata.normalize("NFD", name.casefold())))
