"""Where a list is and how to read it, as the campaigns file says it. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from smscli.domain.number_types import TEXTABLE, NumberType


@dataclass(frozen=True, slots=True)
class ContactsSource:
    """One list. `file` None is standard input; `columns` maps role to header.

    `header` names the columns, in order, of a list whose first line does not. `encoding` and `delimiter` are
    None where they are to be recognised (UTF-8 and UTF-16 with a byte order mark are); `sheet` is the name of
    a spreadsheet's sheet, None for its only one. `number_types` are the kinds of number that may be texted.
    """

    file: Path | None
    region: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    header: tuple[str, ...] = ()
    sheet: str | None = None
    number_types: frozenset[NumberType] = TEXTABLE

    @property
    def name(self) -> str:
        """What problems call it."""
        return "standard input" if self.file is None else str(self.file)


@dataclass(frozen=True, slots=True)
class ExcludeSource:
    """A list of numbers not to text: a do-not-call register, staff, people already served.

    `fetched` is when it was taken from where it comes from; without it the file's own time stands for it.
    A list older than `max_age` cannot be relied on. `skips_bad_rows`: what is no number in it excludes nobody
    and stops nobody.
    """

    source: ContactsSource
    fetched: date | None = None
    max_age: timedelta | None = None
    skips_bad_rows: bool = False
