"""Values of a spreadsheet as the text that people see in the cell, as far as a list needs it.

Knows number formats: leading zeros, decimals, percent. Leaves out what is decoration: thousands separators,
currencies, units, colours. ECMA-376-1 18.8.30 and 18.8.31.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_CONDITION = re.compile(r"\[[<>=]")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]')
_DECIMALS = re.compile(r"\.([0#?]*)")
_OF_NUMBERS = frozenset("+-() ")
_SIGNIFICANT = 15
_PHONE_DIGITS = 7


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a number is shown. `decimals` are at least and at most; None for as many as there are.

    `mask` is a pattern of digits such as `000-000-000` or `+0`.
    """

    is_percent: bool = False
    decimals: tuple[int, int] | None = None
    mask: str = ""


GENERAL = NumberFormat()


def cell_text(value: str | float | date | time | timedelta, shown_as: str) -> str:
    """A value as a cell of this number format shows it. Raises ValueError for an infinite number."""
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(value, _number_format(shown_as))
        case timedelta():
            seconds = round(value.total_seconds())
            return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        case datetime():
            whole = (value + timedelta(milliseconds=500)).replace(microsecond=0)
            return whole.date().isoformat() if whole.time() == time() else whole.isoformat()
        case time():
            return value.isoformat("seconds")
        case _:
            return value.isoformat()


@lru_cache(1024)
def _number_format(code: str) -> NumberFormat:
    if _CONDITION.search(code):
        return GENERAL  # another format for some numbers: `[<=9999999]###-####;(###) ###-####`
    shape = _LITERAL.sub(_kept, code).partition(";")[0].strip()
    if not re.search("[0#]", shape) or re.search("[A-Za-z/?@]|,(?![0#])", shape):
        return GENERAL
    if set(shape) <= _OF_NUMBERS | set("0#") and (shape.count("0") > 1 or "+" in shape):
        return NumberFormat(mask=shape)
    places = _DECIMALS.search(shape)
    decimals = (places[1].count("0"), len(places[1])) if places else (0, 0)
    return NumberFormat(is_percent="%" in shape, decimals=decimals)


def _kept(literal: re.Match[str]) -> str:
    """Of words in a format only what phone numbers are written with: `"+"0`."""
    return "".join(character for character in literal[1] or literal[2] or "" if character in _OF_NUMBERS)


def _number(number: float, shown_as: NumberFormat) -> str:
    """More than 15 digits come out as `4.48512345678901E+18`: Excel keeps no more of them, so that the number
    is not the one that was typed."""
    value = Decimal(repr(number))
    if not value.is_finite():
        raise ValueError("no number")
    if shown_as.is_percent:
        return _rounded(value * 100, shown_as.decimals) + "%"
    if value and value.adjusted() >= _SIGNIFICANT:
        return _scientific(value)
    if value != value.to_integral_value():
        return _rounded(value, shown_as.decimals)
    digits = str(int(value))
    if shown_as.mask and value >= 0:
        return _masked(digits, shown_as.mask)
    # Whoever formats phone numbers as numbers gets two decimals that nobody means.
    return digits if len(digits) >= _PHONE_DIGITS else _rounded(value, shown_as.decimals)


def _scientific(value: Decimal) -> str:
    mantissa, _, exponent = f"{value:.{_SIGNIFICANT - 1}E}".partition("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"


def _rounded(value: Decimal, decimals: tuple[int, int] | None) -> str:
    """12.300000000000001 is 12.3: the rest is what binary fractions cannot hold."""
    if value.adjusted() >= _SIGNIFICANT:
        return _scientific(value)
    short = Decimal(f"{float(value):.{_SIGNIFICANT}g}")
    if decimals is None:
        return f"{short:f}"
    least, most = decimals
    places = max(-int(short.as_tuple().exponent), 0)
    most = min(most, _SIGNIFICANT)
    if places > most:
        short = short.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
    whole, _, fraction = f"{short:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(min(least, most), "0")
    return f"{whole}.{fraction}" if fraction else whole


def _masked(digits: str, mask: str) -> str:
    """The digits in a pattern, from the right; those too many stand before its first place."""
    left, found = list(digits), list[str]()
    first = min(mask.index(place) for place in "0#" if place in mask)
    for index in range(len(mask) - 1, -1, -1):
        if mask[index] not in "0#":
            found.append(mask[index])
        elif left or mask[index] == "0":
            found.append(left.pop() if left else "0")
        if index == first:
            found.extend(reversed(left))
            left.clear()
    return "".join(reversed(found)).strip()
