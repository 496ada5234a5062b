"""Numbers of a spreadsheet as the text that people see in the cell, as far as a list needs it.

Knows number formats: dates, leading zeros, decimals, percent. Leaves out what is decoration: thousands
separators, currencies, units, colours. ECMA-376-1 18.8.30 and 18.8.31.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

#: What a spreadsheet shows in place of a number that is no date.
NO_DATE = "########"

_BUILT_IN: Mapping[int, str] = MappingProxyType(
    {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 37: "#,##0", 38: "#,##0"}
    | {39: "#,##0.00", 40: "#,##0.00", 43: "#,##0.00", 44: "#,##0.00", 46: "[h]:mm:ss"}
    | dict.fromkeys([*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)], "yyyy-mm-dd")
)

_NUMBER = re.compile(r"[+-]?\d{1,400}(\.\d{0,400})?([eE][+-]?\d{1,3})?", re.ASCII)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_CONDITION = re.compile(r"\[[<>=]")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]')
_DECIMALS = re.compile(r"\.([0#?]*)")
_OF_NUMBERS = frozenset("+-() ")
_SIGNIFICANT = 15
_PHONE_DIGITS = 7
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 - a spreadsheet's dates have no zone
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001
_FALSE_LEAP_DAY = 60  # 29 February 1900, which Lotus 1-2-3 had and nobody else


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a number is shown. `decimals` are at least and at most; None for as many as there are.

    `mask` is a pattern of digits such as `000-000-000` or `+0`.
    """

    is_date: bool = False
    is_duration: bool = False
    is_percent: bool = False
    decimals: tuple[int, int] | None = None
    mask: str = ""


GENERAL = NumberFormat()


def number_format(number: int, code: str | None) -> NumberFormat:
    """The format of a style: its number, and its code where the workbook spells it out."""
    code = _BUILT_IN.get(number, "") if code is None else code
    if _CONDITION.search(code):
        return GENERAL  # another format for some numbers: `[<=9999999]###-####;(###) ###-####`
    if _ELAPSED.search(code):
        return NumberFormat(is_duration=True)
    shape = _LITERAL.sub(_kept, code).partition(";")[0].strip()
    if re.search("[dmyhs]", shape, re.IGNORECASE):
        return NumberFormat(is_date=True)
    if not re.search("[0#]", shape) or re.search("[Ee/?@]|,(?![0#])", shape):
        return GENERAL
    if set(shape) <= _OF_NUMBERS | set("0#") and (shape.count("0") > 1 or "+" in shape):
        return NumberFormat(mask=shape)
    places = _DECIMALS.search(shape)
    decimals = (places[1].count("0"), len(places[1])) if places else (0, 0)
    return NumberFormat(is_percent="%" in shape, decimals=decimals)


def _kept(literal: re.Match[str]) -> str:
    """Of words in a format only what phone numbers are written with: `"+"0`."""
    return "".join(character for character in literal[1] or literal[2] or "" if character in _OF_NUMBERS)


def number_text(raw: str, shown_as: NumberFormat, *, counts_from_1904: bool = False) -> str:
    """A number as a cell shows it, without decoration. Raises ValueError for what is no number.

    More than 15 digits come out as `4.48512345678901E+18`: Excel keeps no more of them, so that the number is
    not the one that was typed.
    """
    if shown_as is GENERAL and raw.isascii() and raw.isdigit() and len(raw) <= _SIGNIFICANT:
        return raw.lstrip("0") or "0"
    if not _NUMBER.fullmatch(raw):
        raise ValueError("no number")
    value = Decimal(raw)
    if shown_as.is_duration:
        return _duration(value)
    if shown_as.is_date:
        return _moment(value, counts_from_1904)
    if shown_as.is_percent:
        return _rounded(value * 100, shown_as.decimals) + "%"
    if value and value.adjusted() >= _SIGNIFICANT:
        mantissa, _, exponent = f"{value:.{_SIGNIFICANT - 1}E}".partition("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
    if value != value.to_integral_value():
        return _rounded(value, shown_as.decimals)
    digits = str(int(value))
    if shown_as.mask and value >= 0:
        return _masked(digits, shown_as.mask)
    # Whoever formats phone numbers as numbers gets two decimals that nobody means.
    return digits if len(digits) >= _PHONE_DIGITS else _rounded(value, shown_as.decimals)


def _rounded(value: Decimal, decimals: tuple[int, int] | None) -> str:
    """12.300000000000001 is 12.3: the rest is what binary fractions cannot hold."""
    if value.adjusted() >= _SIGNIFICANT:
        return f"{value:.{_SIGNIFICANT - 1}E}"
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


def _duration(value: Decimal) -> str:
    seconds = round(value * 86400)
    if not 0 <= seconds < 10**9:
        return NO_DATE
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _moment(value: Decimal, counts_from_1904: bool) -> str:
    """`2026-03-01`, `2026-03-01T14:30:00`, or `14:30:00` for a time of no day."""
    if not 0 <= value < 10**7:
        return NO_DATE
    days, seconds = divmod(round(value * 86400), 86400)
    if days == 0 and not counts_from_1904:
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if counts_from_1904:
        start = _EPOCH_1904
    else:
        start = _EPOCH + timedelta(days=1) if days < _FALSE_LEAP_DAY else _EPOCH
    try:
        moment = start + timedelta(days=days, seconds=seconds)
    except OverflowError:
        return NO_DATE
    return moment.isoformat() if seconds else moment.date().isoformat()
