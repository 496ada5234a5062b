"""Numbers that are close to valid: read where only one number can be meant, and never in silence.

    number, repair = read_number("48512345678", "PL")        the + is missing: repair says so

First what stands around a number goes (quotes, `tel:`, a decimal that a spreadsheet added). What is left is
read as it stands; only where that is no number, each way of mending it is tried, and it has to be the only
one that gives a valid number. Digits are never guessed: what a repair puts in front or takes away is in its
code.

Knows one cell. Who is told of a repair, and whether anybody is texted on its strength, is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from smscli.domain.msisdn import (
    BadNumber,
    Msisdn,
    digits_of,
    mask,
    plain,
    quickly,
    read_strictly,
    without_slashes,
)
from smscli.domain.numbering import (
    calling_code,
    dialled_in_front,
    dials_abroad,
    looks_own,
    mobile_lengths,
    own_kind,
    without_plus,
)

#: What each repair did, the most serious first: a cell that needed several has the code of the first.
_DONE = {
    "plus_restored": "its + was missing",
    "zeros_for_plus": "00 stands for +",
    "zero_restored": "its first 0 was missing",
    "trunk_zero_dropped": "the (0) is dialled inside the country only",
    "decimal_dropped": "the decimal behind it is left out",
    "quotes_removed": "quotes or an equals sign around it are left out",
    "uri_removed": "the word in front of it is left out",
}


@dataclass(frozen=True, slots=True)
class Repair:
    """What was mended in a cell. `code` is stable; `message` is copy and shows numbers masked.

    Codes, the most serious first: `plus_restored`, `zeros_for_plus`, `zero_restored`, `trunk_zero_dropped`,
    `decimal_dropped`, `quotes_removed`, `uri_removed`. `message` tells of all that a cell needed.
    """

    code: str
    message: str


#: The kinds of number that people are texted on, as the tables call them.
_TEXTED = ("mobile", "fixed_or_mobile")

_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›′″"
#: `="+48512345678"`, `'+48512345678`, `=48512345678`.
_QUOTED = re.compile(rf"(?:=[ ]*)?[{_QUOTES}]*(?P<core>[^={_QUOTES}]*)[{_QUOTES}]*")
#: Words that announce a number and do not change whose it is (a fax number is no phone). A single digit
#: behind one may count the numbers of a person: `Tel. 2 512345678`.
_LABELLED = re.compile(
    r"(?:(?:tele(?:phone|fono|fon)|tel|phone|mobile|mobil|mob|móvil|movil|cell|cel|handy|gsm|kom|smsto|sms"
    r"|callto|whatsapp)[ ]?\.?:?|[mtpc][ ]?:)[ ]*(?P<core>(?:[+(]|\d\d).*)",
    re.IGNORECASE,
)
#: Digits without a second dot or comma: what a spreadsheet or a database makes of a number it counts with.
_DECIMAL = re.compile(r"(?P<core>\+?\d[\d ()\-]{4,30}\d)[.,]0{1,2}")
#: What may stand for one number, once all this is gone.
_DIGITS = re.compile(r"\(?\d[\d ().\-]*")
_TRUNK_ZERO = re.compile(r"(?P<code>\(?\+[ ]?\d{1,3}\)?[ .\-]*)\(0\)(?P<core>[\d ().\-]+)")


def read_number(text: str, region: str | None) -> tuple[Msisdn, Repair | None]:
    """The number that a cell means, and what had to be mended to read it; None for nothing.

    Mends only where every other reading of the cell is no valid number. Raises BadNumber as `parse` does, and
    also where `parse` takes a calling code without its plus for what it is: that is a repair here.
    """
    found = quickly(text, region)
    if found is not None:
        return found, None
    core, mended = _bare(plain(text))
    core = without_slashes(core, region)
    found = quickly(core, region) if core != text else None
    number, code = _read(core, region) if found is None else (found, "")
    return number, _repair(text, number, [code, *mended] if code else mended)


def with_plus(text: str) -> Msisdn | None:
    """The number that digits without a + would be with one: to say so where they are no good without."""
    return quickly(f"+{digits_of(text)}", None) if _DIGITS.fullmatch(plain(text)) else None


def _repair(text: str, number: Msisdn, mended: list[str]) -> Repair | None:
    if not mended:
        return None
    mended.sort(key=list(_DONE).index)
    done = " and ".join(_DONE[code] for code in mended)
    return Repair(mended[0], f"{mask(text)} is read as {number.masked}: {done}")


def _bare(text: str) -> tuple[str, list[str]]:
    """What is left of a cell without quotes, label and decimal, and the codes of what was there."""
    mended = []
    for code, pattern in (
        ("quotes_removed", _QUOTED),
        ("uri_removed", _LABELLED),
        ("decimal_dropped", _DECIMAL),
    ):
        found = pattern.fullmatch(text)
        core = found["core"].strip() if found else text
        if core and core != text:
            text = core
            mended.append(code)
    return text, mended


def _read(text: str, region: str | None) -> tuple[Msisdn, str]:
    """The number as it stands, else as the only repair of it that gives one; with the code of that."""
    lacking = without_plus(text, region) if region else None
    if lacking is not None and region and not _is_doubtful_at_home(lacking[0][1:], region):
        return Msisdn(*lacking), "plus_restored"
    try:
        return read_strictly(text, region), ""
    except BadNumber as bad:
        # Valid with a + and without it: that is for people to say.
        is_undecided = region is not None and bad.code == "number_needs_country"
        found = {} if is_undecided else dict(_readings(text, region))
        if len(found) != 1:
            raise
    ((number, code),) = found.items()
    return number, code


def _readings(text: str, region: str | None) -> Iterator[tuple[Msisdn, str]]:
    """Each number that a repair of this text gives."""
    if trunk := _TRUNK_ZERO.fullmatch(text):
        yield from _as(f"+{digits_of(trunk['code'] + trunk['core'])}", None, "trunk_zero_dropped")
    if not _DIGITS.fullmatch(text):
        return
    digits = digits_of(text)
    if digits.startswith("00"):
        yield from _zeros_for_plus(digits, region)
    elif region is not None:
        yield from _plus_restored(digits, region)
        yield from _zero_restored(digits, region)


def _plus_restored(digits: str, region: str) -> Iterator[tuple[Msisdn, str]]:
    """Of the region itself or of another country, where it can be no slip of somebody who lives there."""
    for number, code in _as(f"+{digits}", None, "plus_restored"):
        is_own = digits.startswith(calling_code(region))
        is_doubtful = _is_doubtful_at_home if is_own else _is_doubtful_abroad
        if not is_doubtful(digits, region):
            yield number, code


def _zero_restored(digits: str, region: str) -> Iterator[tuple[Msisdn, str]]:
    """Where the zero belongs to the number, and is not just dialled in front of it.

    In Burkina Faso it does, but seven digits are as likely the rest of another number of eight.
    """
    for number, code in _as(f"0{digits}", region, "zero_restored"):
        is_kept = number.digits == f"{calling_code(region)}0{digits}" and digits[0] != "0"
        is_texted = own_kind(f"0{digits}", region) in _TEXTED
        if is_kept and not (is_texted and _is_slip_of_a_mobile(digits, region)):
            yield number, code


def _zeros_for_plus(digits: str, region: str | None) -> Iterator[tuple[Msisdn, str]]:
    """Where 00 is no way to dial abroad; where it begins one, what is wrong lies further behind.

    In Brazil 0055 is one, with the number of a carrier; it is also how people write their own country.
    """
    is_own = region is not None and digits[2:].startswith(calling_code(region))
    if region is not None and (own_kind(digits[2:], region) or (dials_abroad(digits, region) and not is_own)):
        return  # the zero that is dialled in front, twice; or a way to dial abroad
    yield from _as(f"+{digits[2:]}", None, "zeros_for_plus")


def _is_doubtful_at_home(digits: str, region: str) -> bool:
    """Behind the region's own code: could it be a number with a slip that begins like the code?

    Where the code is one digit (Russia, Kazakhstan) everybody writes it, with or without a +.
    """
    return len(calling_code(region)) > 1 and _is_slip_of_a_mobile(digits, region)


def _is_doubtful_abroad(digits: str, region: str) -> bool:
    """Behind another country's code: could it be a number of the region?

    If it is not longer than those, or has their look, or is one with a digit too many, or one with a slip in
    what is dialled in front.
    """
    if len(digits) <= max(mobile_lengths(region), default=0) or looks_own(digits, region):
        return True
    prefix = dialled_in_front(region)
    readings = {digits, digits.removeprefix(prefix), digits[len(prefix) :]}
    shorter = {reading[:at] + reading[at + 1 :] for reading in readings for at in range(len(reading))}
    return any(own_kind(reading, region) for reading in readings | shorter)


def _is_slip_of_a_mobile(digits: str, region: str) -> bool:
    """Does one slip of the fingers make these digits of a number of the region that people are texted on?"""
    lengths = mobile_lengths(region)
    if all(abs(len(digits) - length) > 1 for length in lengths):
        return False
    return any(len(meant) in lengths and own_kind(meant, region) in _TEXTED for meant in _meant(digits))


def _meant(digits: str) -> Iterator[str]:
    """What these digits may have been before one was added, swapped with the next, mistyped or left out.

    Not with a 0 left out in front: spreadsheets do that.
    """
    for at in range(len(digits) + 1):
        front, rest = digits[:at], digits[at:]
        yield front + rest[1:]
        yield front + rest[1:2] + rest[:1] + rest[2:]
        for digit in "0123456789":
            yield front + digit + rest[1:]
            if at or digit != "0":
                yield front + digit + rest


def _as(text: str, region: str | None, code: str) -> Iterator[tuple[Msisdn, str]]:
    """The number, if it is a plain one: what takes thought is not mended as well."""
    number = quickly(text, region)
    if number is not None:
        yield number, code
