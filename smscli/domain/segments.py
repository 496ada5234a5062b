"""How a text is cut and billed (3GPP TS 23.038 and 23.040).

Knows the two encodings, their limits, and which characters travel as an indivisible pair: those of the
GSM-7 extension table (escape and code) and those outside the Basic Multilingual Plane (two surrogates).
Clusters that people see as one (flags, combining marks, joined emoji) may be cut: to the standard they are
several characters. Assumes the 8-bit reference header of six octets; national shift tables are not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from smscli.domain.gsm7 import BASIC, ESCAPE, EXTENDED

#: The header counts segments in one octet (TS 23.040, 9.2.3.24.1).
MAX_SEGMENTS = 255


class Encoding(StrEnum):
    """The two ways a text travels."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs: units are septets (GSM-7) or UTF-16 code units (UCS-2).

    `offenders` are the characters that forced UCS-2, each once, in order of appearance.
    """

    encoding: Encoding
    units: int
    count: int
    offenders: tuple[str, ...] = ()

    @property
    def room(self) -> int:
        """The units that so many segments have."""
        limits = _LIMITS[self.encoding]
        return limits.alone if self.count == 1 else limits.joined * self.count


class Unsendable(ValueError):
    """A text that no phone network takes. The message never holds the offending character itself."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class _Limits:
    """Units in the only segment of a text, units in each of several, and what takes two of them."""

    alone: int
    joined: int
    pairs: re.Pattern[str]


_LIMITS = {
    Encoding.GSM7: _Limits(160, 153, re.compile(f"[{re.escape(EXTENDED)}]")),
    Encoding.UCS2: _Limits(70, 67, re.compile("[\U00010000-\U0010ffff]")),
}
_ONLY_BASIC = re.compile(f"[{re.escape(BASIC)}]*")
_GSM7 = frozenset(BASIC + EXTENDED)

# Building a frozen dataclass takes longer (0.5 µs) than looking at a hundred characters (0.4 µs), and most
# texts are a single GSM-7 segment: those results are made once and shared.
_ONE_GSM7_SEGMENT = tuple(
    Segments(Encoding.GSM7, units, 1) for units in range(_LIMITS[Encoding.GSM7].alone + 1)
)


def measure(text: str) -> Segments:
    """What the text costs: encoding, units, segments and who forced UCS-2.

    Raises Unsendable for an empty text, U+001B, half a surrogate pair, and more than 255 segments.
    """
    if not text:
        raise Unsendable("the text is empty, and an SMS needs at least one character")
    if _ONLY_BASIC.fullmatch(text):
        units = len(text)
        if units < len(_ONE_GSM7_SEGMENT):
            return _ONE_GSM7_SEGMENT[units]
        return Segments(Encoding.GSM7, units, _count(text, Encoding.GSM7, units))
    code_units = _code_units(text)
    if offenders := tuple(sorted(set(text) - _GSM7, key=text.index)):
        return Segments(Encoding.UCS2, code_units, _count(text, Encoding.UCS2, code_units), offenders)
    septets = len(text) + len(_LIMITS[Encoding.GSM7].pairs.findall(text))
    return Segments(Encoding.GSM7, septets, _count(text, Encoding.GSM7, septets))


def segments_without(text: str, measured: Segments) -> int:
    """How many segments the text would need with a GSM-7 character in place of each offender."""
    if measured.count == 1 or not measured.offenders:
        return measured.count
    limits = _LIMITS[Encoding.GSM7]
    pairs = len(limits.pairs.findall(text))
    if len(text) + pairs <= limits.alone:
        return 1
    if not pairs:  # nothing can straddle a boundary, and division is exact
        return -(-len(text) // limits.joined)
    return measure(text.translate({ord(offender): "x" for offender in measured.offenders})).count


def split(text: str) -> tuple[str, ...]:
    """The text of each segment, in order; joined they are the text. Raises Unsendable as `measure` does."""
    measured = measure(text)
    return (text,) if measured.count == 1 else tuple(_cut(text, measured.encoding))


def _code_units(text: str) -> int:
    """UTF-16 code units, of a text in which every character can be sent."""
    if (escape := text.find(ESCAPE)) >= 0:
        raise _unsendable(text, escape, "the escape character")
    try:
        return len(text.encode("utf-16-be")) // 2
    except UnicodeEncodeError as error:
        raise _unsendable(text, error.start, "half a surrogate pair") from None


def _unsendable(text: str, index: int, what: str) -> Unsendable:
    code = f"U+{ord(text[index]):04X}"
    return Unsendable(f"{code} ({what}) at character {index + 1} cannot be sent: take it out")


def _count(text: str, encoding: Encoding, units: int) -> int:
    limits = _LIMITS[encoding]
    if units <= limits.alone:
        return 1
    # Without pairs nothing can straddle a boundary, and division is exact.
    count = -(-units // limits.joined) if units == len(text) else sum(1 for _ in _cut(text, encoding))
    if count > MAX_SEGMENTS:
        raise Unsendable(f"the text needs {count} segments, and one message can have {MAX_SEGMENTS} at most")
    return count


def _cut(text: str, encoding: Encoding) -> Iterator[str]:
    """Greedy cuts. The escape, which no sendable text holds, stands for the first half of each pair."""
    limits = _LIMITS[encoding]
    marked = limits.pairs.sub(rf"{ESCAPE}\g<0>", text)
    start = 0
    while start < len(marked):
        end = start + limits.joined
        if marked[end - 1 : end] == ESCAPE:
            end -= 1
        yield marked[start:end].replace(ESCAPE, "")
        start = end
