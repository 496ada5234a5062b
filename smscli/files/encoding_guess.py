"""What a text that is no UTF-8 is most likely written in: to be proposed to an operator, never acted upon.

Two judges: charset-normalizer says which encodings make a mess of the bytes, and the alphabets of languages
say whether letters stand together that one language has. On short lists the first alone is often wrong:
twenty Spanish names read as Polish make no mess ("Muńoz"), but no language has both ń and í. Knows neither
lists nor lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from smscli.files.list_source import encoding_name

MOST_BYTES = 128 * 1024
"""More of a list says no more of its encoding."""

# Lower case; letters of ASCII are left out. A language stands with the code page its computers use.
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_ALPHABETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cp1250": (
            "ąćęłńóśźż",
            "áčďéěíňóřšťúůýž",
            "áäčďéíĺľňóôŕšťúýž",
            "áéíóöőúüű",
            "ăâîşţ",
            "čćđšž",
        ),
        "cp1251": (
            _CYRILLIC + "ё",
            "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
            _CYRILLIC + "іўё",
            "абвгдђежзијклљмнњопрстћуфхцчџш",
        ),
        "cp1252": (
            "áéíñóúüªº",
            "àâæçéèêëîïôœùûüÿ",
            "äöüß",
            "áâãàçéêíóôõúªº",
            "àèéìíòóùúº",
            "àçéèíïóòúü",
            "åäöæøé",
            "áðéíóúýþæö",
            "áèéëïóöü",
        ),
        "cp1253": ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",),
        "cp1254": ("çğıi̇öşüâîû",),
        "cp1255": ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",),
        "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
    }
)
_ALIKE = MappingProxyType(
    {
        "iso8859_2": "cp1250",
        "iso8859_5": "cp1251",
        "koi8_r": "cp1251",
        "cp866": "cp1251",
        "cp852": "cp1250",
        "iso8859_7": "cp1253",
        "iso8859_9": "cp1254",
        "cp850": "cp1252",
        "mac_roman": "cp1252",
    }
)
"""Other encodings of the same languages; where they read a text alike, the code page of Windows is meant."""

# What charset-normalizer may answer where no alphabet fits.
_OTHERS = ("cp1256", "cp1258", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp874")

_REGIONS = MappingProxyType(
    {
        region: encoding
        for encoding, regions in {
            "cp1250": "PL CZ SK HU RO HR SI BA AL",
            "cp1251": "RU UA BY BG MK KZ KG",
            "cp1252": "ES FR DE AT CH IT PT BR NL BE LU IE GB US CA MX AR CO CL PE DK SE NO FI IS",
            "cp1253": "GR CY",
            "cp1254": "TR AZ",
            "cp1255": "IL",
            "cp1257": "LT LV EE",
        }.items()
        for region in regions.split()
    }
)

# Marks that every code page of Windows has.
_NEUTRAL = "\u00a0–—‘’“”„…€§°·«»№™®©"

_CONVINCING = 0.7
_AS_CLEAN = 0.05
_LETTERS = re.compile(r"[^\W\d_]+")
_CONTROL = re.compile("[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding by the name that operators know, and how a text reads in it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a text. `fit`: the share of letters of one language in it, and how many those are."""

    codec: str
    text: str
    fit: tuple[float, int]


def guessed(sample: bytes, region: str | None = None) -> tuple[Guess, ...]:
    """The most likely encodings of bytes that are no UTF-8: several where they are as likely, or none.

    `region` is where the people of the list are: it settles what letters leave open.
    """
    telling = _telling(sample)
    messes = _messes(telling)
    best = _best(list(_readings(telling)), region, messes)
    codecs = [reading.codec for reading in best] or list(messes)[:1]
    return tuple(Guess(encoding_name(codec), sample.decode(codec, "replace")) for codec in codecs)


def _telling(sample: bytes) -> bytes:
    """The lines that are not ASCII: the others read alike in every encoding."""
    lines = sample[:MOST_BYTES].splitlines(keepends=True)
    return b"".join(line for line in lines if not line.isascii())[: MOST_BYTES // 8]


def _readings(sample: bytes) -> Iterator[_Reading]:
    for codec in (*_ALPHABETS, *_ALIKE):
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            yield _Reading(codec, text, _fit(text, _ALPHABETS[_ALIKE.get(codec, codec)]))


def _fit(text: str, alphabets: Sequence[str]) -> tuple[float, int]:
    """How much of what is not ASCII is letters of one language, and stands where letters stand."""
    foreign = [character for character in text if not character.isascii() and character not in _NEUTRAL]
    if not foreign:
        return _CONVINCING, 0
    known = max(sum(letter in alphabet for letter in "".join(foreign).lower()) for alphabet in alphabets)
    fitting = known - sum(map(_misplaced, _LETTERS.findall(text)))
    return fitting / len(foreign), fitting


def _misplaced(word: str) -> int:
    """Letters of a word that cannot stand so: large ones behind small ones, two scripts in one word."""
    large = sum(b.isupper() and a.islower() and not b.isascii() for a, b in pairwise(word))
    own_script = sum("\u0370" <= letter <= "\u06ff" for letter in word)
    return large + (own_script if own_script < len(word) else 0)


def _messes(sample: bytes) -> Mapping[str, float]:
    """What charset-normalizer thinks possible, best first, with the share of mess in it."""
    from charset_normalizer import from_bytes  # 20 ms, and only for what is no UTF-8

    tried = [*_ALPHABETS, *_ALIKE, *_OTHERS]
    found = from_bytes(sample, cp_isolation=tried, enable_fallback=False, preemptive_behaviour=False)
    return {codec: match.chaos for match in found for codec in match.could_be_from_charset}


def _best(readings: Sequence[_Reading], region: str | None, messes: Mapping[str, float]) -> list[_Reading]:
    """The readings that nothing tells apart: at most three that differ, or two that do not."""
    top = max((reading.fit for reading in readings), default=(0.0, 0))
    if top[0] < _CONVINCING:
        return []
    close = [reading for reading in readings if reading.fit == top]
    meant = {codec: reading.text for reading in close if (codec := reading.codec) in _ALPHABETS}
    close = [one for one in close if meant.get(_ALIKE.get(one.codec, "")) != one.text]
    if meant:  # the others are rare; but Russian in capitals is Russian in small letters in the other one
        close = [one for one in close if one.codec in (*_ALPHABETS, "koi8_r")]
    local = [reading for reading in close if reading.codec == _REGIONS.get(region or "")]
    least = min(messes.get(reading.codec, 1.0) for reading in close)
    clean = [reading for reading in close if messes.get(reading.codec, 1.0) <= least + _AS_CLEAN]
    differing = {reading.text: reading for reading in reversed(clean)}
    return local or (clean[:2] if len(differing) == 1 else list(reversed(differing.values()))[:3])
