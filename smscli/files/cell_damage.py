"""Cells whose text was damaged on its way: read in the wrong encoding, letters lost, a spreadsheet's error.

    damaged_text("MiÅ‚osz")          Damage("mojibake", …, "it most likely was Miłosz …")

Pure. Knows what damage looks like; decides neither whether a row is bad nor who is texted. A word that
some language writes that way is never damage.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

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

_LOST = "\N{REPLACEMENT CHARACTER}"
# Two question marks or more for the bytes of a letter (`M??ller`), or nothing but them (`????? ????????`). A
# single one cannot be told from one that was written.
_QUESTIONED = re.compile(r"(?<=[^\W\d_])\?{2,}(?=[^\W\d_])|^(?=.*\?\?)[?\s.-]+$")

#: The encodings that UTF-8 is taken for: those of Windows, of Excel on a Mac, and the older ISO one.
_TAKEN_FOR = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "latin-1", "mac_roman")
_TIMES = 3

_WORD = re.compile(r"[^ \t\r\n]+")
#: `cittÃ`: the last byte of `città` was read as a no-break space, and that trimmed or made a plain one.
_LOST_SPACE = re.compile(r"(?<=[a-z])([ÃĂ])(?=$|[ ,.;:!?])")

# What each alphabet has beside A to Z, in small letters: a word of the letters of one, in plain upper and
# lower case, is that word.
_ALPHABETS = tuple(
    map(
        frozenset,
        (
            "ąćęłńóśźż",
            "áčďéěíňóřšťúůýž",
            "áäčďéíľňóôŕšťúýž",
            "áéíóöőúüű",
            "ăâîşţșț",
            "čćđšž",
            "äöüß",
            "àâæçéèêëîïôœùûüÿ",
            "áéíñóúü",
            "àáâãçéêíóôõú",
            "àèéìíòóù",
            "çğıöşü",
            "åäö",
            "æøå",
            "áðéíóúýþæö",
            "àáâãèéêìíòóôõùúýăđĩũơư",
            "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
            "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
            "абвгдеёжзіійклмнопрстуўфхцчшыьэюя",
            "абвгдђежзијклљмнњопрстћуфхцчџш",
            "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
            "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
        ),
    )
)
_PUNCTUATION = "\"'()[].,;:!?"
_CLOSERS = "…”’“»–—"
_TYPOGRAPHY = frozenset("\u00a0–—‘’“”„…•€£«»°№¿¡´ºª·")

# Polish of Windows (cp1250) taken for that of the West (cp1252), the other way to damage it: Mi³osz, £ukasz.
_POLISH_AS_WESTERN = re.compile(r"(?<=[a-zñêæ])³|£(?=[a-zó])|(?<=[^\W\d_])¹(?=[^\W\d_])")
_UNITS = re.compile(r"[\W\d]*([mcdk]?m|ft|in)³\W*", re.IGNORECASE)
_POLISH = frozenset("abcdefghijklmnopqrstuvwxyząćęłńóśźż")
_FEWEST_FOREIGN = 4

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
    if _LOST in (restored or text) or _QUESTIONED.search(text):
        message = f"{_masked(text)} has lost letters: they cannot be told any more"
        return Damage("lost_letters", message, _EXPORT_AGAIN)
    if restored is not None:
        message = f"{_masked(text)} was read in the wrong encoding; it most likely was {_masked(restored)}"
        return Damage("mojibake", message, _EXPORT_AGAIN)
    if any(map(_is_foreign_as_western, _WORD.findall(text))):
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


# ------------------------------------------------------------------------------------------- encodings


def mojibake(text: str) -> str | None:
    """What a text most likely was before it was read in the wrong encoding; None for one that was not.

    Tells UTF-8 that was read as something else, up to three times over, word by word: `MiÅ‚osz`; and
    Polish of Windows that was read as Western: `Mi³osz`. A letter of the answer may be U+FFFD.
    """
    if text.isascii():
        return None
    whole = _LOST_SPACE.sub("\\1\u00a0", text)
    restored = _WORD.sub(lambda word: _restored(word[0]) or word[0], whole)
    return restored if restored != whole else None


def _restored(word: str) -> str | None:
    """The word that it was, if it is none already."""
    if word.isascii() or _is_word_already(word):
        return None
    return _read_as_utf8(word, _TIMES) or _polish(word)


def _read_as_utf8(word: str, times: int) -> str | None:
    """What makes a word when its bytes are read as UTF-8, as often as that goes."""
    if not times or word.isascii():
        return None
    for encoding in _TAKEN_FOR:
        restored = _as_utf8(word, encoding)
        if restored is None:
            continue
        if found := _read_as_utf8(restored, times - 1) or (restored if _is_word(restored) else None):
            return found
    return None


def _as_utf8(word: str, encoding: str) -> str | None:
    try:
        return b"".join(_byte(character, encoding) for character in word).decode("utf-8")
    except UnicodeError:
        return None


def _byte(character: str, encoding: str) -> bytes:
    """A byte that a code page leaves undefined is read as the character of its number by most programs."""
    try:
        return character.encode(encoding)
    except UnicodeError:
        byte = character.encode("latin-1")
        if byte.decode(encoding, "ignore"):
            raise
        return byte


def _is_word(text: str) -> bool:
    """Is it text as people write it: letters of one script, upper and lower case in their places?"""
    scripts = {_script(character) for character in text if character.isalpha()}
    if "" in scripts or len(scripts - {"any"}) > 1 or not all(map(_is_usual, text)):
        return False
    letters = [letter for letter in text if letter.isalpha()]
    lowers = [index for index, letter in enumerate(letters) if letter.islower() and not letter.isascii()]
    return not any(index > 1 and "".join(letters[index - 2 : index]).isupper() for index in lowers)


def _is_usual(character: str) -> bool:
    if character.isascii() or character.isalpha():
        return True
    if character in _TYPOGRAPHY or character == _LOST or unicodedata.combining(character):
        return True
    # What only ever comes by UTF-8, and then is no accident: emoji, arrows, bullets.
    return ord(character) > 0xFF and unicodedata.category(character) in ("So", "Sm", "Po", "Pd", "Mn", "Cf")


def _script(letter: str) -> str:
    """The script of a letter that the languages of lists have; empty for every other."""
    code = ord(letter)
    if code < 0x180 or 0x1E00 <= code <= 0x1EFF or letter in "ƒșȘțȚơƠưƯ€‚„Žž" or 0x2B0 <= code <= 0x2DD:
        return "latin" if letter not in "ªº" else "any"
    if 0x384 <= code <= 0x3CE:
        return "greek"
    if 0x400 <= code <= 0x45F or letter in "ґҐ":
        return "cyrillic"
    return ""


def _is_word_already(word: str) -> bool:
    """Could somebody have written the word this way? Then it is left alone."""
    letters = "".join(letter for letter in word if letter.isalpha() and letter not in "ªº")
    others = word.rstrip(_PUNCTUATION + _CLOSERS) if letters.isupper() else word  # “AMANHÔ
    if any(not character.isalpha() or character in "ªº" for character in others if not character.isascii()):
        return False
    if len({_script(letter) for letter in letters}) > 1:
        return False  # Cyrillic and A to Z in one word
    foreign = {letter for letter in letters.lower() if letter.isalpha() and not letter.isascii()}
    has_usual_case = letters.isupper() or letters.islower() or letters[1:].islower()
    return has_usual_case and any(foreign <= alphabet for alphabet in _ALPHABETS)


def _polish(word: str) -> str | None:
    if not _POLISH_AS_WESTERN.search(word) or _UNITS.fullmatch(word):
        return None
    try:
        restored = word.encode("cp1252").decode("cp1250")
    except UnicodeError:
        return None
    letters = {letter.lower() for letter in restored if not letter.isascii() or letter.isalpha()}
    return restored if letters <= _POLISH else None


def _is_foreign_as_western(word: str) -> bool:
    """`Ìèõàèë` was Михаил: no word of the West has four different letters with accents and none without."""
    letters = [letter for letter in word if letter.isalpha()]
    if len(letters) < _FEWEST_FOREIGN or len({*map(str.lower, letters)}) < _FEWEST_FOREIGN:
        return False
    if not all("À" <= letter <= "ÿ" for letter in letters):
        return False
    read = "".join(letters).encode("latin-1").decode("cp1251")
    return read.isupper() or read.islower() or read[1:].islower()


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
