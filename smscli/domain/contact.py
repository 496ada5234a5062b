"""One good row of the contact list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from smscli.domain.msisdn import Msisdn


class ConsentLevel(IntEnum):
    """How much somebody agreed to; a higher level includes the lower ones."""

    NONE = 0
    SOFT = 1
    EXPRESS = 2
    EXPRESS_WRITTEN = 3


@dataclass(frozen=True, slots=True)
class Consent:
    """What the list says somebody agreed to. Evidence of the lowest rank.

    `topics` empty means: to everything this brand sends. `source` is `file:line` or what the list gave.
    """

    level: ConsentLevel
    given_on: date
    topics: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person to text. `row` is the record's number in the list (1 is the first below the header),
    `line` the physical line it starts on. `opted_out` lists topics; `("",)` means everything."""

    row: int
    line: int
    number: Msisdn
    consent: Consent | None = None
    opted_out: tuple[str, ...] = ()
    zone: str | None = None
    language: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
