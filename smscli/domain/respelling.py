"""Another spelling of a rendered text, so that it takes fewer segments: `encoding` in the campaigns file.

`tidy` puts plain characters where typesetting has left others: quotes, dashes, dots, spaces, marks that
nobody sees. The words stay. `gsm7` spells the letters of three scripts with those of GSM-7 as well, and only
where the whole text then is GSM-7: Latin letters lose their marks (ą, ł), Cyrillic ones become Latin, and
Greek ones the capitals that GSM-7 has, or the Latin ones that look the same. Every other character, an emoji
or a Chinese one, has no such spelling: a text with one stays as `tidy` leaves it.

No spelling takes more segments than the text as it was written. Links and addresses are never touched,
because another spelling is another place. What language a text is in is not known here: ä is GSM-7 and stays
ä, and a Cyrillic letter is read as in Russian.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from smscli.domain.campaign import Spelling
from smscli.domain.gsm7 import BASIC, EXTENDED
from smscli.domain.segments import MAX_SEGMENTS, Unsendable, measure

_ALL_GSM7 = re.compile(f"[{re.escape(BASIC + EXTENDED)}]*")

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛‹›′‵ʹʻʼ`´", "'"),
        **dict.fromkeys("“”„‟«»″‶ʺ", '"'),
        **dict.fromkeys("‐‑‒–—―−⁃•‣", "-"),
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008", " "),
        **dict.fromkeys("\u2009\u200a\u202f\u205f\t", " "),
        "\u2028": "\n",
        "\u2029": "\n",
        "…": "...",
        "‥": "..",
        "\u037e": ";",  # the Greek question mark, which is the semicolon under another number
    }
)

#: Marks that stand on a letter as characters of their own, and two signs that are letters: é in one character
#: is GSM-7, é in two is not.
_LOOSE = re.compile("[^\\W\\d_][\u0300-\u036f]+|[\u2126\u212a\u212b]")

#: What nobody sees, and what turns lines around. Joiners and the like do something between the letters of
#: Indic, Persian or Thai and within emoji: they go only where both sides are Latin, Greek or Cyrillic.
_INVISIBLE = re.compile(
    "(?<![\u0530-\U0010ffff])[\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufeff]+(?![\u0530-\U0010ffff])"
)
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a\u202c\u202d\u2066\u2068\u2069]")
#: These turn round what is plainly readable, and taking them away would change what is read.
_TURNING = frozenset("\u202b\u202e\u2067")
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})

#: A link, an address of e-mail, or a bare domain. What a sentence puts behind it is none of it.
_LINK = re.compile(
    r"(?:(?i:https?://|www\.)[^\s<>\"“”„‟«»]+"
    r"|(?<![\w.@+-])(?:[\w.+-]+@)?(?:[^\W_][\w-]*\.)+(?:[a-z]{2,24}|рф|укр|бел|бг|срб|мкд|ελ|ευ|ею|қаз)(?!\w)"
    r"(?:[/?#:][^\s<>\"“”„‟«»]*)?)"
    r"(?<![.,;:!?)\]}'’‘‚›`´′…‥–—•\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff-])"
)

_GREEK = dict(
    zip(
        "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
        "ABΓΔEZHΘIKΛMNΞOΠPΣTYΦXΨΩ",
        strict=True,
    )
)
#: Characters that are no letters, and that everybody spells so.
_AS_LETTERS = {"№": "No", "™": "TM", "ª": "a", "º": "o", "µ": "u", "·": "."}
_SCRIPTS = ("LATIN ", "CYRILLIC ", "GREEK ")
_MARKS_OF_LETTERS = re.compile("(?<=[^\\W\\d_])[\u0300-\u036f]+")
_SEVERAL_LETTERS = re.compile(r"[^\W\d_]{2,}")

#: No count of segments is as high: for a text that cannot be sent at all.
_UNSENDABLE = MAX_SEGMENTS + 1


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of a text that became another; `start` and `end` count characters in the text as it was,
    `new_start` and `new_end` in what it became."""

    start: int
    end: int
    new_start: int
    new_end: int


def respell(text: str, spelling: Spelling) -> str:
    """The text as it is sent. Spelling it twice is spelling it once; nothing ever becomes a question mark."""
    if spelling is Spelling.KEEP or _ALL_GSM7.fullmatch(text):
        return text
    return _respelled(text, spelling)


@lru_cache(maxsize=1_024)  # a text without gaps comes as often as the list has rows
def _respelled(text: str, spelling: Spelling) -> str:
    tidied = _outside_links(_tidied, text)
    kept = tidied if _segments(tidied) <= _segments(text) else text
    if spelling is Spelling.TIDY:
        return kept
    plain = _outside_links(_in_gsm7_letters, tidied)
    fits = _ALL_GSM7.fullmatch(plain) and _segments(plain) <= _segments(kept)
    return plain if fits else kept


def _segments(text: str) -> int:
    try:
        return measure(text).count
    except Unsendable:
        return _UNSENDABLE


def _outside_links(spell: Callable[[str], str], text: str) -> str:
    pieces, end = list[str](), 0
    for link in _LINK.finditer(text):
        pieces += (spell(text[end : link.start()]), link[0])
        end = link.end()
    return "".join([*pieces, spell(text[end:])])


# --- tidy ---


def _tidied(text: str) -> str:
    plain = _LOOSE.sub(_composed, text.translate(_PLAIN))
    if _DIRECTIONS.search(plain) and not any(map(_runs_from_the_right, plain)):
        plain = _DIRECTIONS.sub("", plain)
    return _LOOSE.sub(_composed, _INVISIBLE.sub("", plain))


def _runs_from_the_right(character: str) -> bool:
    return character in _TURNING or unicodedata.bidirectional(character) in _FROM_THE_RIGHT


def _composed(loose: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", loose[0])


# --- gsm7 ---


class _Letters(dict[int, str]):
    """How a character is spelled, by its number, worked out when it is first asked for."""

    def __missing__(self, code: int) -> str:
        self[code] = spelled = _spelled(chr(code))
        return spelled


_LETTERS = _Letters()


def _in_gsm7_letters(text: str) -> str:
    """The text with what letters can be spelled; what cannot be stays, and then the text does not fit."""
    bare = _MARKS_OF_LETTERS.sub("", text)
    spelled = bare.translate(_LETTERS)
    if len(spelled) == len(bare):
        return spelled
    return _SEVERAL_LETTERS.sub(_in_capitals, bare).translate(_LETTERS)


def _in_capitals(word: re.Match[str]) -> str:
    """SHCHUKA, not ShchUKA."""
    return word[0].translate(_LETTERS).upper() if word[0].isupper() else word[0]


def _spelled(character: str) -> str:
    if _ALL_GSM7.fullmatch(character):
        return character
    if character in _AS_LETTERS:
        return _AS_LETTERS[character]
    name = unicodedata.name(character, "")
    if not character.isalpha() or not name.startswith(_SCRIPTS):
        return character
    if name.startswith("GREEK "):
        return _GREEK.get(unicodedata.normalize("NFD", character)[0].upper(), character)
    from anyascii import anyascii  # here, because few campaigns ask for it

    spelled = anyascii(character).replace("`", "'")
    return spelled if spelled.replace("'", "a").isalpha() else character


# --- what became of it ---


def changes(before: str, after: str) -> tuple[Change, ...]:
    """The pieces in which two spellings of a text differ, in order."""
    moves = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return tuple(Change(*places) for move, *places in moves if move != "equal")
