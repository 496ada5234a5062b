"""A phone number, and nothing about who has it.

Knows how to parse and to mask. Where a number may be lives in `zones.py`. Whether anybody answers there, and
whether it can receive texts at all, only a gateway knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import CountryCodeSource, NumberParseException, PhoneNumber, ValidationResult

from smscli.domain.numbering import country_of, international, kind_of, mobile_lengths, national

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

    def __hash__(self) -> int:
        return hash(self.e164)  # which has one country; a text remembers its hash, and a pair does not

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
_HIDDEN = str.maketrans("0123456789", "•" * 10)
_NO_DIGIT = re.compile("[^0-9]+")


def mask(text: str) -> str:
    """A cell that may hold a number, fit to be shown in a problem.

    Of seven digits or more only the first two and the last two stay; control characters are escaped; a very
    long cell is cut. Anything else stays as it was written.
    """
    if text.isascii() and text.isprintable():
        return _masked(text)
    places = [place for place, character in enumerate(text) if character.isdigit()]
    hidden = frozenset(places[2:-2]) if len(places) >= _ENOUGH_TO_CALL else frozenset()
    shown = ("•" if place in hidden else _visible(character) for place, character in enumerate(text[:_SHOWN]))
    return "".join(shown) + ("…" if len(text) > _SHOWN else "")


def _masked(text: str) -> str:
    """The same of plain text, as most cells are, in half the time."""
    places = [place for place, character in enumerate(text) if character in "0123456789"]
    if len(places) >= _ENOUGH_TO_CALL:
        first, last = places[2], places[-2]
        text = text[:first] + text[first:last].translate(_HIDDEN) + text[last:]
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


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
_OR = (
    *("or", "oder", "lub", "albo", "czy", "ou", "o", "или", "ή", "veya"),
    *("and", "und", "i", "et", "y", "e", "и", "και", "ve"),
)
_BETWEEN = re.compile(rf"[/_,;&|\r\n]|\b(?:{'|'.join(_OR)})\b|(?<=[\d)])(?= *\(?\+)", re.IGNORECASE)
#: Without a space behind it, it is a decimal's, or stands before an extension.
_NOT_BETWEEN_DIGITS = re.compile(r"[,;](?! )|[\r\n]")
#: Of a number, or the end of one. Behind a plus a few digits are an extension.
_ONLY_DIGITS = re.compile(r"[ (]*(?:\+[ (]*(?:\d[ ().\-]*){3})?\d[\d ().\-]*")
#: The 15 digits of the longest number, and 00 in front.
_MOST_DIALLED = 17
#: A full number, though nobody can say of which country.
_ENOUGH_ABROAD = 9
#: In Germany and around it a slash stands behind the area code. Not the one of a date.
_SLASH = re.compile(r"(?<=[\d)]) *[/_] *(?=[\d(])")
_DATE = re.compile(r"\d\d?[/_]\d\d?[/_](\d\d){1,2}|\d{4}[/_]\d\d?[/_]\d\d?")
#: A number that somebody wrote letters into, or that has letters for digits: nothing else belongs to it.
_LETTERED = re.compile(r"[+(]*[\dOoОо][\w ().+\-]*")
_LONGEST = 34  # a number and a word; ids have 36 characters
_LETTERS = re.compile(r"[^\W\d_]+")
_LOOK_LIKE_DIGITS = "OoОоQDIlSB"
#: Without one of these there is no extension, and no need to ask the library for one.
_MAY_EXTEND = re.compile(r"[xｘ#＃~～,;]|доб|int|ｉｎｔ", re.IGNORECASE)
_BRACKETS = str.maketrans("[]", "()")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-") | {"＋": "+"})


_ARGENTINA = 54
ARGENTINE_MOBILE = "a mobile number has a 9 behind +54, and no 15"
_RESTORE_PLUS = (
    "write + in front; if all numbers of the list lack it, fill a new column of the spreadsheet with the"
    ' formula ="+"&A2 (A2: the cell of the first number), and use that as the column of phone numbers'
)


def parse(text: str, region: str | None) -> Msisdn:
    """The number that a cell means; numbers without a country code are read as `region`'s.

    Tolerates spaces of every kind, dashes, dots, parentheses, slashes inside one number, the region's way of
    dialling abroad (`00…`) and the region's calling code without its plus. Raises BadNumber with one of these
    codes:

    `missing_number`, `not_a_number`, `rounded_number` (`4.48E+11`), `several_numbers`, `has_letters`,
    `has_extension`, `number_needs_country`, `short_code`, `too_short`, `too_long`, `invalid_number`,
    `not_international` (a trunk zero in an international number) and `number_changed` (the library would text
    another number than was written).
    """
    found = quickly(text, region)
    return _interpreted(text, region) if found is None else found


def read_strictly(text: str, region: str | None) -> Msisdn:
    """What `parse` does with a cell that `quickly` does not read; but only a plus makes a calling code one.

    Raises `number_changed` for a calling code without it; and `number_needs_country` for digits that are a
    mobile number with a plus in front and a number of another kind without it. In Germany 4915112345678 is a
    landline to the library.
    """
    return _interpreted(text, region, needs_plus=True)


def quickly(text: str, region: str | None) -> Msisdn | None:
    """The number of a plain cell; None for what takes thought."""
    found = international(text) if text[:1] == "+" else national(text, region) if region else None
    return None if found is None else Msisdn(*found)


def plain(text: str) -> str:
    """One kind of space, dash and bracket, one plus, and none of the invisible marks that copying brings."""
    if not text.isascii():
        kinds = [(unicodedata.category(character), character) for character in text.translate(_DASHES)]
        text = "".join(" " if kind == "Zs" else character for kind, character in kinds if kind != "Cf")
    if "[" in text or "++" in text:
        text = text.translate(_BRACKETS).replace("++", "+")
    return text.strip()


def without_slashes(text: str, region: str | None) -> str:
    """The text with a space for each slash, or `_`, between digits; as it was where there may be two numbers.

    `0151/2345678` is one number, `512345678/79` is two. Takes plain text.
    """
    if ("/" not in text and "_" not in text) or len(text) > _LONGEST or _DATE.fullmatch(text):
        return text
    parts = _SLASH.split(text)
    whole = " ".join(parts)
    if not _ENOUGH_TO_CALL <= len(digits_of(whole)) <= _MOST_DIALLED or not _SHAPE.fullmatch(whole):
        return text
    may_be_several = _ends_cut_short(parts) or _amount(parts, region) > 1 or _ends_in_another(parts, region)
    return text if may_be_several else whole


def digits_of(text: str) -> str:
    """The digits of a text, in whatever script, as 0 to 9."""
    if text.isascii():
        return _NO_DIGIT.sub("", text)
    return "".join(str(int(character)) for character in text if character.isdecimal())


def _interpreted(text: str, region: str | None, *, needs_plus: bool = False) -> Msisdn:
    """The number as the library reads it, if it reads it as it was written."""
    cleaned = without_slashes(plain(text), region)
    if not cleaned:
        raise BadNumber(
            "missing_number", "there is no number", "fill the cell or take the row out of the list"
        )
    _refuse_shape(cleaned, text, region)
    digits = digits_of(cleaned)
    number = _read(("+" if "+" in cleaned else "") + digits, text, region)
    e164 = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    country = country_of(e164)
    if country is None:
        raise _impossible(number, cleaned, text)
    _refuse_change(cleaned, digits, e164, number, text)
    found = Msisdn(e164, country)
    if needs_plus:
        _refuse_without_plus(number, digits, found, text, region)
    return found


def _refuse_shape(cleaned: str, text: str, region: str | None) -> None:
    """A cell that is something else than one number says what, as exactly as can be told."""
    is_number = _SHAPE.fullmatch(cleaned) is not None
    if is_number and "." not in cleaned:
        return
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
    if is_number:
        return
    raise (
        _several(cleaned, text, region)
        or _extended(cleaned, text, region)
        or _lettered(cleaned, text)
        or BadNumber(
            "not_a_number",
            f"{mask(text)} is not a phone number",
            "one number a cell, such as +12025550123: digits, spaces, + - . ( ) and nothing else",
        )
    )


def _several(cleaned: str, text: str, region: str | None) -> BadNumber | None:
    parts = [part.strip() for part in _BETWEEN.split(cleaned) if part.strip()]
    is_cut_short = any(len(digits_of(part)) < _ENOUGH_TO_CALL for part in parts)
    if is_cut_short and (len(cleaned) > _SHOWN or _NOT_BETWEEN_DIGITS.search(cleaned)):
        return None
    amount = _amount(parts, region)
    if amount < 2:
        return None
    # Whoever reads it has to know which one is meant: the first may be an old one.
    return BadNumber(
        "several_numbers",
        f"{mask(text)} holds {amount} numbers",
        "one number a cell: keep the one to text, or give each a row of its own",
    )


def _amount(parts: Sequence[str], region: str | None) -> int:
    """How many numbers these parts of a cell are, as far as that can be told.

    Behind a full number others are cut short (`202 555 0112/13`); an area code and what is behind it are one.
    """
    if all(_length(part) >= _ENOUGH_TO_CALL for part in parts):
        return len(parts)
    if not all(map(_ONLY_DIGITS.fullmatch, parts)):
        return 0
    amount, front = 0, list[str]()
    for part in parts:
        front.append(part)
        if _is_full(" ".join(front), region):
            amount, front = amount + 1, []
    return amount + len(front) if amount else 0


def _ends_cut_short(parts: Sequence[str]) -> bool:
    """Is it `5123456/78`? Most likely two numbers of which a digit is missing. Area codes are short."""
    front, end = ("", *parts)[-2:]
    return _length(end) < _length(front)


def _length(part: str) -> int:
    """How many digits, without the 00 that is dialled in front: 0049 151 is an area."""
    return len(digits_of(part).removeprefix("00"))


def _ends_in_another(parts: Sequence[str], region: str | None) -> bool:
    """Is what stands behind a slash a number by itself, and not the same?

    Behind an area code (`0664/`) only what begins like a number: 1234567 alone is one in Vienna.
    """
    begins = ("+", "0") if parts[0].lstrip("(").startswith(("+", "0")) else ""
    digits = digits_of(" ".join(parts))
    for at in range(1, len(parts)):
        end = " ".join(parts[at:])
        number = _number_in(end, region) if end.lstrip("(").startswith(begins) else None
        if number is not None and number.digits != digits:
            return True
    return False


def _is_full(text: str, region: str | None) -> bool:
    if region is None and "+" not in text:
        return len(digits_of(text)) >= _ENOUGH_ABROAD
    return _number_in(text, region) is not None


def _number_in(text: str, region: str | None) -> Msisdn | None:
    found = quickly(text, region)
    if found is not None or len(digits_of(text)) < _ENOUGH_TO_CALL or not _SHAPE.fullmatch(text):
        return found
    try:
        return _interpreted(text, region)
    except BadNumber:
        return None


def _extended(cleaned: str, text: str, region: str | None) -> BadNumber | None:
    if not _MAY_EXTEND.search(cleaned):
        return None
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
    if len(cleaned) > _LONGEST or not _LETTERED.fullmatch(cleaned):
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
    without_zero = _hint_of_zero(cleaned, number)
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.TOO_SHORT | ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return _too_short(text)
        case ValidationResult.TOO_LONG:
            return _too_long(text, without_zero, f"+{number.country_code}{number.national_number}")
        case _:
            hint = without_zero or "check it for a wrong digit"
            if "+" not in cleaned:
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


def _hint_of_zero(cleaned: str, number: PhoneNumber) -> str:
    """What to do about `+44 07400 123456`; nothing where the 0 behind the code is not all that is wrong."""
    front = f"+{number.country_code}"
    abroad = "+" + digits_of(cleaned) if "+" in cleaned else ""
    if not abroad.startswith(f"{front}0") or international(front + abroad[len(front) + 1 :]) is None:
        return ""
    return f"leave out the 0 behind {front}"


def _too_long(text: str, hint: str = "", e164: str = "") -> BadNumber:
    # Mexico's mobile numbers lost their 1 after +52 in 2019; lists still have it.
    is_old_mexican = e164.startswith("+521") and len(e164) == len("+5215512345678")
    elsewhere = "check it for a digit too many; if it lacks the + of its country code, put that first"
    hint = "in Mexico leave out the 1 after +52" if is_old_mexican else hint or elsewhere
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
    elsewhere = ARGENTINE_MOBILE if number.country_code == _ARGENTINA else ""
    raise _changed(text, _hint_of_zero(cleaned, number) or elsewhere)


def _refuse_without_plus(
    number: PhoneNumber, digits: str, found: Msisdn, text: str, region: str | None
) -> None:
    """Is the country known from digits that only mean it behind a plus? The 1 of the US is a prefix too."""
    code = str(number.country_code)
    if number.country_code_source == CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN:
        prefix = phonenumbers.ndd_prefix_for_region(region or "", True)
        if prefix != code or digits != found.digits:
            raise _changed(text)
    elif number.country_code_source == CountryCodeSource.FROM_DEFAULT_COUNTRY and digits.startswith(code):
        other = international(f"+{digits}")
        if other and kind_of(*other) == "mobile" and kind_of(found.e164, found.country) != "mobile":
            message = f"{mask(text)} is a mobile number with a + in front, and another number without it"
            raise BadNumber("number_needs_country", message, _RESTORE_PLUS)


def _changed(text: str, hint: str = "") -> BadNumber:
    return BadNumber(
        "number_changed",
        f"{mask(text)} would be read as a number with other digits",
        hint or "write it exactly as it is dialled from abroad, starting with + and the country code",
    )
