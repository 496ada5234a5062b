"""Text that was read in the wrong encoding, and what it most likely was.

    mojibake("MiÅ‚osz")          "Miłosz"
    mojibake("Miłosz")           None

Pure. Knows the usual mistakes of Latin, Greek and Cyrillic text, word by word. A word that some language
writes that way is never one; what is done about a mistake is for others to decide.
"""

from __future__ import annotations

import re
import unicodedata

#: What stands for letters that are lost for good.
LOST = "\N{REPLACEMENT CHARACTER}"

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
    if character in _TYPOGRAPHY or character == LOST or unicodedata.combining(character):
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


def is_foreign_as_western(word: str) -> bool:
    """`Ìèõàèë` was Михаил: no word of the West has four different letters with accents and none without."""
    letters = [letter for letter in word if letter.isalpha()]
    if len(letters) < _FEWEST_FOREIGN or len({*map(str.lower, letters)}) < _FEWEST_FOREIGN:
        return False
    if not all("À" <= letter <= "ÿ" for letter in letters):
        return False
    read = "".join(letters).encode("latin-1").decode("cp1251")
    return read.isupper() or read.islower() or read[1:].islower()
