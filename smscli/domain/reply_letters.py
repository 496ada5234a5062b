"""The letters of a reply: case, accents, look-alikes and punctuation folded, and what is left cut into words.

Knows how people write on telephones, and no language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

# Letters that look like a Latin one, as capitals or as small letters, and those that sound alike where a word
# is written half in one alphabet (CTOП, ΣTOP). A table of our own, and no library: confusable-homoglyphs
# knows ten thousand pairs, reads a megabyte of JSON to say so, and would not fold П, Π and P, which sound
# alike and look different.
_LOOKALIKES = (
    "аaвbеeззкkмmнhоoрpсcтtуyхxѕsіiјjԁdԛqԝwһhпpґгєeԍgꙅsүy"
    "αaβbεeζzηhιiκkμmνnοoρpτtυyχxσsπpωωϲcϳjϱpϐb"
    "łløođdðdħhŧtæaœoßsþpıiȷjɑaɡgɩiᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢzƨsʂsօoսuոnհhցgեt"
    "ꓢsꓔtꓳoꓑpꓮaꓖgꓰeꓲiꓡlꓠnꓣrꓴuᏚsᎢtᎾoᏢpꭲtꮪsꮎoꮲp"
)
_LOOKS = {ord(letter): latin for letter, latin in zip(_LOOKALIKES[::2], _LOOKALIKES[1::2], strict=True)} | {
    first + at: chr(ord("a") + at) for first in (0x1F150, 0x1F170) for at in range(26)
}

_CONTRACTION = re.compile(r"['’ʼ`´](?=(?:t|s|m|d|ll|re|ve)\b)")
_DOLLAR = re.compile(r"\$(?=[a-z])|(?<=[a-z])\$")
#: `malam2` is how Indonesians write `malam malam`.
_TWICE = re.compile(r"(?<=[^\W\d_]{3})2\b")
_REPEATED = re.compile(r"(.)\1+")
#: A word.
TOKEN = re.compile(r"[^\W_]+")


def plain_words(text: str) -> list[str]:
    """A text as words: compatibility forms, case, accents, punctuation and emoji gone."""
    return TOKEN.findall(plain(text))


def plain(text: str) -> str:
    """A text without case, accents, compatibility forms and invisible letters; its punctuation stays."""
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", text).casefold().replace("ı", "i")
        folded = "".join(
            letter
            for letter in unicodedata.normalize("NFD", folded)
            if letter.isascii() or not (unicodedata.combining(letter) or unicodedata.category(letter) == "Cf")
        )
    return _DOLLAR.sub("s", _CONTRACTION.sub("", folded))


def look_alike(plain: str) -> str:
    """The same in letters of one alphabet, as far as they look alike."""
    return plain if plain.isascii() else plain.translate(_LOOKS)


def tokens_of(plain: str) -> list[str]:
    """Its words; letters that stand apart (`S.T.O.P`) are one."""
    if "2" in plain:
        plain = _TWICE.sub("", plain)
    tokens: list[str] = TOKEN.findall(look_alike(plain))
    singles = sum(len(token) == 1 for token in tokens)
    return list(_joined(tokens)) if singles > 2 else tokens


def _joined(tokens: Sequence[str]) -> Iterator[str]:
    apart: list[str] = []
    for token in [*tokens, ""]:
        if len(token) == 1:
            apart.append(token)
            continue
        if len(apart) > 2:
            yield "".join(apart)
        else:
            yield from apart
        apart.clear()
        if token:
            yield token


def squeezed(token: str) -> str:
    """Each letter once where it is repeated."""
    return _REPEATED.sub(r"\1", token)


def without_one(token: str) -> Iterator[str]:
    """The word without its first, its second, … letter."""
    return (token[:at] + token[at + 1 :] for at in range(len(token)))


def is_slip(token: str, word: str) -> bool:
    """One letter too many, missing, wrong, or two that changed places."""
    if abs(len(token) - len(word)) > 1 or token == word:
        return False
    if len(token) == len(word):
        wrong = [at for at, (a, b) in enumerate(zip(token, word, strict=True)) if a != b]
        swapped = len(wrong) == 2 and wrong[1] - wrong[0] == 1 and sorted(token) == sorted(word)
        return len(wrong) == 1 or swapped
    longer, shorter = sorted((token, word), key=len, reverse=True)
    return shorter in without_one(longer)


# --- words and phrases as the files write them ---

#: Stands for up to so many words of any kind.
GAP = "*"
LONGEST_GAP = 2


def parts_of(written: str) -> tuple[str, ...]:
    """A word or phrase of a file as words, beginnings of words (`~`) and gaps (`*`)."""
    parts: list[str] = []
    for word in written.split():
        if word == GAP:
            parts.append(GAP)
            continue
        tokens = TOKEN.findall(look_alike(plain(word)))
        if word.endswith("~") and tokens:
            tokens[-1] += "~"
        parts += tokens
    return tuple(parts)


def end_of(parts: Sequence[str], tokens: Sequence[str], at: int) -> int:
    """Where these parts end if they begin here; 0 where they do not."""
    for place, part in enumerate(parts):
        if part == GAP:
            rest, starts = parts[place + 1 :], range(at, min(at + LONGEST_GAP + 1, len(tokens)))
            return max((end_of(rest, tokens, start) for start in starts), default=0)
        if at >= len(tokens):
            return 0
        if tokens[at] != part and not (part[-1] == "~" and tokens[at].startswith(part[:-1])):
            return 0
        at += 1
    return at
