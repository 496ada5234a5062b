"""Cells whose text was damaged on its way: read in the wrong encoding, letters lost, a spreadsheet's error.

    damaged_text("MiÅ‚osz")          Damage("mojibake", …, "it most likely was Miłosz …")

Pure. Knows what damage looks like; decides neither whether a row is bad nor who is texted. A word that
some language writes that way is never damage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

from smscli.domain.mojibake import LOST, is_foreign_as_western, mojibake
from smscli.domain.msisdn import BadNumber, mask, parse
from smscli.files.csv_records import cleaned
from smscli.files.reading import inert

NOT_CALCULATED = "#NOT CALCULATED!"
"""What a cell of a workbook reads as where the file holds a formula and not its value."""

_EXPORT_AGAIN = "export the list again as CSV UTF-8, and open it nowhere in between"
# As Excel writes them in English, Polish, German, French, Spanish, Portuguese, Russian and Turkish;
# the last is of Google Sheets, to which `+48 512 345 678` is a formula that cannot be read.
_ERROR_WORDS = """
    #N/A #REF! #NAME? #VALUE! #DIV/0! #NULL! #NUM! #SPILL! #CALC! #FIELD! #GETTING_DATA #BLOCKED! #CONNECT!
    #UNKNOWN! #BUSY! #PYTHON! #N/D #N/D! #ADR! #ARG! #NAZWA? #LICZBA! #DZIEL/0! #ZERO! #NV #BEZUG! #WERT!
    #ZAHL! #NOM? #VALEUR! #NOMBRE! #NUL! #¡REF! #¡VALOR! #¿NOMBRE? #¡NUM! #¡DIV/0! #¡NULO! #VALOR! #NOME?
    #NULO! #Н/Д #ССЫЛКА! #ЗНАЧ! #ИМЯ? #ЧИСЛО! #ДЕЛ/0! #ПУСТО! #YOK #BAŞV! #DEĞER! #AD? #SAYI! #SAYI/0! #BOŞ!
    #ERROR!
"""
_ERRORS = frozenset(_ERROR_WORDS.split())
_TOO_NARROW = re.compile("#{3,}")
_LIBRE_ERROR = re.compile(r"Err:5\d\d")

#: As whole cells, and in this case only: `Nan` is a name.
NO_VALUES = frozenset({"NULL", "null", "nan", "NaN", "undefined", "None", "<NA>", "NaT"})
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_STEERS = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029]")

# Two question marks or more for the bytes of a letter (`M??ller`), or nothing but them (`????? ????????`). A
# single one cannot be told from one that was written.
_QUESTIONED = re.compile(r"(?<=[^\W\d_])\?{2,}(?=[^\W\d_])|^(?=.*\?\?)[?\s.-]+$")

_DATE = re.compile(r"\d{4}-\d\d?-\d\d?|[0-3]?\d[./-][0-3]?\d[./-](19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a cell. `code` is stable, the rest is copy."""

    code: str
    message: str
    hint: str


def may_be_damaged(text: str) -> bool:
    """A quick look at a cell, or at several together: is it worth asking `damaged_text` of each?

    Whoever asks looks for NO_VALUES besides: those are whole cells.
    """
    return (
        not text.isascii() or "#" in text or "??" in text or "Err:" in text or ("&" in text and ";" in text)
    )


_SPACES = {ord(blank): " " for blank in "\u00a0\u2007\u202f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))}
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u00ad\u180e\u200e\u200f"))
_PLAIN = _SPACES | _UNSEEN


def plainly_spaced(text: str) -> str:
    """The same words: blanks of every kind as plain ones, and none of the marks that nobody sees.

    One no-break space makes a text UCS-2, and three times as dear. Joiners stay: some scripts need them.
    """
    return text if text.isascii() else text.translate(_PLAIN)


def _masked(cell: str) -> str:
    """A cell in quotes. It may be a number with anything between its digits: so a program damaged it."""
    return f'"{inert(mask(cell))}"'


def damaged_text(text: str) -> Damage | None:
    """What is wrong with a cell, or None. Says what it most likely was where that can be told."""
    text = cleaned(text)
    if wrong := _excel_error(text):
        return wrong
    if text in NO_VALUES:
        message = f"{_masked(text)} is what programs write where there is nothing"
        return Damage("no_value", message, "empty the cell, or fill it")
    if found := _ENTITY.search(text):
        message = f"{_masked(text)} holds a character as web pages write it: {found[0]}"
        return Damage("html_entity", message, f"write {unescape(found[0])}, or export the list again")
    if found := _STEERS.search(text):
        message = f"{_masked(text)} holds a mark that turns the direction of what follows, or breaks the line"
        return Damage("control_character", message, "delete it")
    restored = mojibake(text)
    if LOST in (restored or text) or _QUESTIONED.search(text):
        message = f"{_masked(text)} has lost letters: they cannot be told any more"
        return Damage("lost_letters", message, _EXPORT_AGAIN)
    if restored is not None:
        message = f"{_masked(text)} was read in the wrong encoding; it most likely was {_masked(restored)}"
        return Damage("mojibake", message, _EXPORT_AGAIN)
    if any(map(is_foreign_as_western, text.split())):
        message = f"{_masked(text)} was read in the wrong encoding: it most likely was Cyrillic or Greek"
        return Damage("mojibake", message, _EXPORT_AGAIN)
    return None


def _excel_error(text: str) -> Damage | None:
    if text == NOT_CALCULATED:
        message = "holds a formula, and the file does not hold its value"
        return Damage("excel_error", message, "open the workbook in a spreadsheet and save it again")
    if _TOO_NARROW.fullmatch(text):
        message = f"{_masked(text)} is what a spreadsheet shows for want of room, or for a date that is none"
        return Damage("excel_error", message, "widen the column in the spreadsheet and export the list again")
    if text.upper() in _ERRORS or _LIBRE_ERROR.fullmatch(text):
        hint = "mend the formula in the spreadsheet, or empty the cell, and export the list again"
        return Damage("excel_error", f"{_masked(text)} is a spreadsheet's error, not a value", hint)
    return None


# --------------------------------------------------------------------------------------------- columns


def swapped(cells: Sequence[str], phone: int, region: str | None) -> int | None:
    """The position of the cell that has the number, where the one for numbers has words instead.

    None where the cell for numbers is empty or has a digit, or where not exactly one other is a valid number.
    """
    instead = cleaned(cells[phone])
    if not instead or any(character.isdigit() for character in instead):
        return None
    numbers = (index for index, cell in enumerate(cells) if _is_number(cleaned(cell), region))
    found = [index for index in numbers if index != phone]
    return found[0] if len(found) == 1 else None


def _is_number(text: str, region: str | None) -> bool:
    if not text or _DATE.fullmatch(text):
        return False
    try:
        parse(text, region)
    except BadNumber:
        return False
    return True
