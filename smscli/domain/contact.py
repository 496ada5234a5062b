"""One good row of the contact list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from smscli.domain.errors import Problem
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
    """A person to text. `row` counts the records of all lists of a campaign from 1, `of_list` those lists
    from 0; `line` is the physical line of the file on which the record starts.

    `opted_out` lists topics; `("",)` means everything. `repairs` are cells that were mended to be read.
    `state` is a part of a country (`US-FL`, `DE-BY`), `postcode` the five digits of a US ZIP code.
    """

    row: int
    line: int
    number: Msisdn
    consent: Consent | None = None
    opted_out: tuple[str, ...] = ()
    zone: str | None = None
    language: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    of_list: int = 0
    repairs: tuple[Problem, ...] = ()
    state: str | None = None
    postcode: str | None = None
