"""A phone number, and nothing about who has it.

Knows how to parse and to mask. Where a number may be lives in `zones.py`. Whether anybody answers there, and
whether it can receive texts at all, only a gateway knows.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import CountryCodeSource, NumberParseException, PhoneNumber, ValidationResult

from smscli.domain.numbering import international, kind_of, mobile_lengths, national

#: The country of numbers that belong to none (satellite, international freephone).
NO_COUNTRY = "001"


class BadNumber(ValueError):
    """A text that is no number smscli will use; `code` is stable, the rest is copy."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, order=True, repr=False, init=False)
class Msisdn:
    """A number in E.164 and the country it belongs to (ISO 3166, `001` for none).

    Its `repr` is masked, so that a traceback cannot give the number away; `str` is the masked form too.
    Whoever means the number writes `.e164`.
    """

    e164: str
    country: str

    def __init__(self, e164: str, country: str) -> None:
        # A list makes a million of them: filling the slots takes two thirds of what object.__setattr__ takes.
        _set_e164(self, e164)
        _set_country(self, country)

    @property
    def digits(self) -> str:
        """The number without its plus sign."""
        return self.e164[1:]

    @property
    def masked(self) -> str:
        """`+1202•••0123`: country and area stay readable, the person does not.

        At least three digits are hidden, and four of a number short enough to guess (+47 has eight in all).
        """
        if len(self.e164) > 11:
            return f"{self.e164[:5]}•••{self.e164[-4:]}"
        return f"{self.e164[:3]}•••{self.e164[-2:] if len(self.e164) > 8 else ''}"

    def __repr__(self) -> str:
        return self.masked

    __str__ = __repr__


_set_e164 = Msisdn.__dict__["e164"].__set__
_set_country = Msisdn.__dict__["country"].__set__

#: Longer than any number with its punctuation; a cell that goes on is cut before it is shown.
_SHOWN = 60
_ENOUGH_TO_CALL = 7


def mask(text: str) -> str:
    """A cell that may hold a number, fit to be shown in a problem.

    Of seven digits or more only the first two and the last two stay; control characters are escaped; a very
    long cell is cut. Anything else stays as it was written.
    """
    places = [place for place, character in enumerate(text) if character.isdigit()]
    hidden = frozenset(places[2:-2]) if len(places) >= _ENOUGH_TO_CALL else frozenset()
    shown = ("•" if place in hidden else _visible(character) for place, character in enumerate(text[:_SHOWN]))
    return "".join(shown) + ("…" if len(text) > _SHOWN else "")


def _visible(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def is_region(text: str) -> bool:
    """Is this a country (ISO 3166, capitals) in which a national number can be read?"""
    return text in phonenumbers.SUPPORTED_REGIONS


#: What is left of a number once spaces are plain: digits in any script, and the usual punctuation.
_SHAPE = re.compile(r"\(?\+?[\d ().\-]*\d[ ().\-]*")
_TRUNK_ZERO = re.compile(r"\+.*\(0+\)")
#: `512345678.0`: a spreadsheet took the number for a quantity. Read as digits it would be another number.
_DECIMAL = re.compile(r"\(?\+?[\d ()\-]*\d(\.\d{1,2}|,0{1,2})[ ().\-]*")
_SCIENTIFIC = re.compile(r"\+?\d([.,]\d+)?[eE][+-]?\d{1,2}")
#: What people put between two numbers. A plus sign begins a number too.
_BETWEEN = re.compile(r"[/,;&|\r\n]|\bor\b|\band\b|(?<=\d)(?= *\(?\+)")
#: A number that somebody wrote letters into, or that has letters for digits: nothing else belongs to it.
_LETTERED = re.compile(r"[+(]*[\dOoОо][\w ().+\-]*")
_LETTERED_ENOUGH = 34  # a number and a word; ids have 36 characters
_LETTERS = re.compile(r"[^\W\d_]+")
_LOOK_LIKE_DIGITS = "OoОоQDIlSB"
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-") | {"＋": "+"})


def parse(text: str, region: str | None) -> Msisdn:
    """The number that a cell means; numbers without a country code are read as `region`'s.

    Tolerates spaces of every kind, dashes, dots, parentheses, the region's way of dialling abroad (`00…`)
    and the region's calling code without its plus. Raises BadNumber with one of these codes:

    `missing_number`, `not_a_number`, `rounded_number` (`4.48E+11`), `several_numbers`, `has_letters`,
    `has_extension`, `number_needs_country`, `short_code`, `too_short`, `too_long`, `invalid_number`,
    `not_international` (a trunk zero in an international number) and `number_changed` (the library would text
    another number than was written).
    """
    found = quickly(text, region)
    return _interpreted(text, region) if found is None else found


def parse_strictly(text: str, region: str | None) -> Msisdn:
    """The same, but a calling code without its plus is no country: `number_changed`.

    And digits that are a mobile number with a plus in front, and a number of another kind without it, do not
    say which: `number_needs_country`. In Germany 4915112345678 is a landline to the library.
    """
    found = quickly(text, region)
    return _interpreted(text, region, needs_plus=True) if found is None else found


def quickly(text: str, region: str | None) -> Msisdn | None:
    """The number of a plain cell; None for what takes thought."""
    found = international(text) if text[:1] == "+" else national(text, region) if region else None
    return None if found is None else Msisdn(*found)


def plain(text: str) -> str:
    """One kind of space, one kind of dash, and none of the invisible marks that copying brings along."""
    if text.isascii():
        return text.strip()
    kinds = [(unicodedata.category(character), character) for character in text.translate(_DASHES)]
    return "".join(" " if kind == "Zs" else character for kind, character in kinds if kind != "Cf").strip()


def digits_of(text: str) -> str:
    """The digits of a text, in whatever script, as 0 to 9."""
    return "".join(str(int(character)) for character in text if character.isdecimal())


def _interpreted(text: str, region: str | None, *, needs_plus: bool = False) -> Msisdn:
    """The number as the library reads it, if it reads it as it was written."""
    cleaned = plain(text)
    if not cleaned:
        raise BadNumber(
            "missing_number", "there is no number", "fill the cell or take the row out of the list"
        )
    _refuse_shape(cleaned, text, region)
    digits = digits_of(cleaned)
    number = _read(("+" if "+" in cleaned else "") + digits, text, region)
    country = phonenumbers.region_code_for_number(number)
    if country is None or not phonenumbers.is_valid_number_for_region(number, country):
        raise _impossible(number, cleaned, text)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    _refuse_change(cleaned, digits, e164, number, text)
    if needs_plus:
        _refuse_without_plus(number, digits, e164, text, region)
    return Msisdn(e164, country)


def _refuse_shape(cleaned: str, text: str, region: str | None) -> None:
    """A cell that is something else than one number says what, as exactly as can be told."""
    if _SCIENTIFIC.fullmatch(cleaned):
        raise BadNumber(
            "rounded_number",
            f"{mask(text)} was rounded by a spreadsheet, its last digits are lost",
            "format the column as text where the numbers are whole, and export the list again",
        )
    if _DECIMAL.fullmatch(cleaned):
        raise BadNumber(
            "not_a_number",
            f"{mask(text)} is a quantity, not a phone number",
            "a spreadsheet did that: format the column as text and enter the numbers again",
        )
    if _SHAPE.fullmatch(cleaned):
        return
    raise (
        _several(cleaned, text)
        or _extended(cleaned, text, region)
        or _lettered(cleaned, text)
        or BadNumber(
            "not_a_number",
            f"{mask(text)} is not a phone number",
            "one number a cell, such as +12025550123: digits, spaces, + - . ( ) and nothing else",
        )
    )


def _several(cleaned: str, text: str) -> BadNumber | None:
    parts = [part for part in _BETWEEN.split(cleaned) if part.strip()]
    if len(parts) < 2 or any(len(digits_of(part)) < _ENOUGH_TO_CALL for part in parts):
        return None
    # Whoever reads it has to know which one is meant: the first may be an old one.
    return BadNumber(
        "several_numbers",
        f"{mask(text)} holds {len(parts)} numbers",
        "one number a cell: keep the one to text, or give each a row of its own",
    )


def _extended(cleaned: str, text: str, region: str | None) -> BadNumber | None:
    try:
        has_extension = phonenumbers.parse(cleaned, region).extension is not None
    except NumberParseException:
        return None
    if not has_extension:
        return None
    return BadNumber(
        "has_extension",
        f"{mask(text)} has an extension",
        "extensions cannot be texted: give a direct number",
    )


def _lettered(cleaned: str, text: str) -> BadNumber | None:
    if len(cleaned) > _LETTERED_ENOUGH or not _LETTERED.fullmatch(cleaned):
        return None
    if len(digits_of(cleaned)) < _SHORTEST_CODE:
        return None
    letters = " ".join(_LETTERS.findall(cleaned))
    if not letters:
        return None
    if not letters.strip(f" {_LOOK_LIKE_DIGITS}"):
        message = f"{mask(text)} has the letter {letters[0]} where a digit belongs"
        return BadNumber("has_letters", message, "write digits only: 0 for the letter O, 1 for the letter l")
    hint = "write digits only, also for letters that stand for digits on a keypad"
    return BadNumber("has_letters", f'{mask(text)} has letters in it: "{letters}"', hint)


def _read(dialled: str, text: str, region: str | None) -> PhoneNumber:
    try:
        return phonenumbers.parse(dialled, region, keep_raw_input=True)
    except NumberParseException as error:
        raise _unreadable(error.error_type, dialled, text, region) from None


def _unreadable(error_type: int, dialled: str, text: str, region: str | None) -> BadNumber:
    if error_type == NumberParseException.INVALID_COUNTRY_CODE and not dialled.startswith("+"):
        if region is None and _SHORTEST_CODE <= len(dialled) <= _LONGEST_CODE:
            return _short_code(text)
        hint = _needs_country(dialled, region)
        return BadNumber("number_needs_country", f"{mask(text)} does not say its country", hint)
    if error_type == NumberParseException.INVALID_COUNTRY_CODE:
        hint = "check the digits after the +"
        return BadNumber("invalid_number", f"{mask(text)} starts with no country's code", hint)
    if error_type == NumberParseException.TOO_LONG:
        return _too_long(text)
    return _too_short(text)


def _needs_country(dialled: str, region: str | None) -> str:
    if region is not None:
        return f'"{region}" is not a country that has phone numbers: use two letters such as PL'
    if dialled.startswith("00"):
        return "write + in place of 00"
    abroad = international(f"+{dialled}")
    country = f" (it would be a number of {abroad[1]})" if abroad else " and the country code"
    return f"start it with +{country}, or say `region:` (such as region: PL) for the whole list"


def _impossible(number: PhoneNumber, cleaned: str, text: str) -> BadNumber:
    place = phonenumbers.region_code_for_country_code(number.country_code or 0)
    if _is_short_code(phonenumbers.national_significant_number(number), place, cleaned):
        return _short_code(text)
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.TOO_SHORT | ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return _too_short(text)
        case ValidationResult.TOO_LONG:
            return _too_long(text, f"+{number.country_code}{number.national_number}")
        case _:
            hint = "check it for a wrong digit"
            if not text.lstrip().startswith("+"):
                hint += f"; a number of another country than region: {place} starts with + and its code"
            return BadNumber("invalid_number", f"{mask(text)} is no number of {place}", hint)


#: How many digits short codes and emergency numbers have.
_SHORTEST_CODE, _LONGEST_CODE = 3, 6


def _is_short_code(subscriber: str, place: str, cleaned: str) -> bool:
    """A few digits in one go, at least three fewer than a mobile number has: not just cut short."""
    return (
        _SHORTEST_CODE <= len(subscriber) <= min(_LONGEST_CODE, min(mobile_lengths(place), default=0) - 3)
        and digits_of(cleaned[-len(subscriber) :]) == subscriber
    )


def _short_code(text: str) -> BadNumber:
    hint = "short codes and emergency numbers cannot be texted: give the whole number, with its country code"
    return BadNumber("short_code", f"{mask(text)} is a short code, or most of a number is missing", hint)


def _too_short(text: str) -> BadNumber:
    return BadNumber("too_short", f"{mask(text)} is too short", "digits are missing, or the area code")


def _too_long(text: str, e164: str = "") -> BadNumber:
    # Mexico's mobile numbers lost their 1 after +52 in 2019; lists still have it.
    is_old_mexican = e164.startswith("+521") and len(e164) == len("+5215512345678")
    elsewhere = "check it for a digit too many; if it lacks the + of its country code, put that first"
    hint = "in Mexico leave out the 1 after +52" if is_old_mexican else elsewhere
    return BadNumber("too_long", f"{mask(text)} is too long", hint)


def _refuse_change(cleaned: str, digits: str, e164: str, number: PhoneNumber, text: str) -> None:
    """The library repairs: it drops digits, and moves the 9 and the 15 of Argentina. We ask instead."""
    if "+" in cleaned:
        is_same = digits == e164[1:]
    elif number.country_code_source == CountryCodeSource.FROM_DEFAULT_COUNTRY:
        is_same = digits.endswith(phonenumbers.national_significant_number(number))
    else:
        is_same = digits.endswith(e164[1:])
    if is_same:
        return
    if _TRUNK_ZERO.match(cleaned):
        raise BadNumber(
            "not_international",
            f"{mask(text)} mixes the national and the international way of writing",
            "leave out the (0) that stands after the country code",
        )
    raise _changed(text)


def _refuse_without_plus(number: PhoneNumber, digits: str, e164: str, text: str, region: str | None) -> None:
    """Is the country known from digits that only mean it behind a plus? The 1 of the US is a prefix too."""
    code = str(number.country_code)
    if number.country_code_source == CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN:
        prefix = phonenumbers.ndd_prefix_for_region(region or "", True)
        if prefix != code or digits != e164[1:]:
            raise _changed(text)
    elif number.country_code_source == CountryCodeSource.FROM_DEFAULT_COUNTRY and digits.startswith(code):
        country = phonenumbers.region_code_for_number(number) or ""
        other = international(f"+{digits}")
        if other and kind_of(*other) == "mobile" and kind_of(e164, country) != "mobile":
            message = f"{mask(text)} is a mobile number with a + in front, and another number without it"
            hint = "start it with + and the country code, or with the 0 that is dialled inside the country"
            raise BadNumber("number_needs_country", message, hint)


def _changed(text: str) -> BadNumber:
    return BadNumber(
        "number_changed",
        f"{mask(text)} would be read as a number with other digits",
        "write it exactly as it is dialled from abroad, starting with + and the country code",
    )
