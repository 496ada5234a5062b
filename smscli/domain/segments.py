"""How a text is cut and billed (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
