"""What a cell may be, by itself: a number, a country, a language, a date. For guesses, never for reading.

Stricter than reading is: what a column is said to hold has to be plain to somebody who sees it. Knows no
column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from string import ascii_uppercase

from smscli.domain.contact import ConsentLevel
from smscli.domain.msisdn import BadNumber, Msisdn, is_region, parse
from smscli.domain.number_types import TEXTABLE, number_type
from smscli.domain.repairs import read_number
from smscli.domain.zones import check_zone_name
from smscli.files.column_names import words
from smscli.files.scalars import parse_level

#: A country is that of some numbers where more than so many are mobile numbers of it.
_ENOUGH_OF_A_COUNTRY = 0.9
_FEWEST_DIGITS = 6
_LIKE_A_DATE = re.compile(r"\d{4}[-./]\d\d?[-./]\d\d?\b.*|\d\d?[-./]\d\d?[-./](\d\d)?\d\d\b.*")
_DATE = re.compile(r"\d{4}-(0\d|1[0-2])-[0-3]\d([T ].*)?")
_YES_OR_NO = frozenset(words("yes no y n true false t f 1 0 x"))
_LANGUAGE = re.compile(r"([a-z]{2})([-_][A-Za-z]{2})?")

#: The languages of most lists (ISO 639-1); among all of them, every other pair of letters is one.
_LANGUAGES = frozenset(
    words(
        "ar bg bn ca cs da de el en es et fa fi fr ga gl he hi hr hu hy id is it ja ka kk ko lt lv mk ms nb",
        "nl no pl pt ro ru sk sl sq sr sv sw th tr uk ur uz vi zh",
    )
)


def may_be_number(cell: str) -> bool:
    """Is it worth reading as a phone number? A date is not: its 8 digits are a number in Denmark."""
    return sum(map(str.isdigit, cell)) >= _FEWEST_DIGITS and not _LIKE_A_DATE.fullmatch(cell)


def number_in(cell: str, region: str | None) -> Msisdn | None:
    """The phone number that a cell means; None for anything else."""
    if not may_be_number(cell):
        return None
    try:
        return read_number(cell, None if cell.startswith("+") else region)[0]
    except BadNumber:
        return None


def countries_of(cells: Sequence[str]) -> tuple[str, ...]:
    """The countries in which nearly all of these cells are mobile numbers of that very country."""
    return tuple(region for region in _regions() if _are_mobile_in(region, cells))


@cache
def _regions() -> tuple[str, ...]:
    pairs = ("".join(pair) for pair in product(ascii_uppercase, repeat=2))
    return tuple(pair for pair in pairs if is_region(pair))


def _are_mobile_in(region: str, cells: Sequence[str]) -> bool:
    """Gives up as soon as too many are not: most countries are done with after a few cells. Mends none."""
    may_fail = int(len(cells) * (1 - _ENOUGH_OF_A_COUNTRY))
    for cell in cells:
        may_fail -= not _is_mobile_in(region, cell)
        if may_fail < 0:
            return False
    return bool(cells)


def _is_mobile_in(region: str, cell: str) -> bool:
    try:
        number = parse(cell, region)
    except BadNumber:
        return False
    return number.country == region and number_type(number) in TEXTABLE


def is_country(cell: str) -> bool:
    """A country's two capitals."""
    return len(cell) == 2 and cell.isupper() and is_region(cell)


def is_zone(cell: str) -> bool:
    """A time zone with its place: `Europe/Warsaw`."""
    return "/" in cell and _reads(check_zone_name, cell)


def is_language(cell: str) -> bool:
    """A language of many lists, in small letters: `pl`, `pt-BR`."""
    found = _LANGUAGE.fullmatch(cell)
    return found is not None and found[1] in _LANGUAGES


def is_level(cell: str) -> bool:
    """A level of consent, `none` included."""
    return _reads(parse_level, cell)


def is_consent(cell: str) -> bool:
    """A level of consent that is some."""
    return is_level(cell) and parse_level(cell) is not ConsentLevel.NONE


def is_date(cell: str) -> bool:
    """A date as smscli reads them: `2025-03-01`, perhaps with a time."""
    return _DATE.fullmatch(cell) is not None


def is_yes_or_no(cell: str) -> bool:
    """One of the words that an opt-out column may hold."""
    return cell.casefold() in _YES_OR_NO


def _reads(read: Callable[[str], object], cell: str) -> bool:
    try:
        read(cell)
    except ValueError:
        return False
    return True
