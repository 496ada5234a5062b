"""Where a number stands in the lists that a campaigns file names: to text, not to text, and opted out.

Lists are read as generously as they can be read for sure; what cannot be read is told, not left out. A sent
log among the opt-outs says what its own list says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from smscli.domain.errors import FilesError, SmscliError
from smscli.domain.msisdn import Msisdn
from smscli.files.campaign_file import Defined, load
from smscli.files.list_source import ContactsSource
from smscli.files.number_list import Listed, open_numbers
from smscli.sentlog.opening import is_sent_log
from smscli.sentlog.sqlite import opt_outs_of


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the number; `cells` by header, empty for a list without columns."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A list and what it says of the number. `used_for`: contacts, exclude or opt_outs, as the file names it.

    `unreadable` lines may hold the number and cannot be read; `error` says why the whole list cannot.
    """

    file: Path
    used_for: str
    lines: tuple[Line, ...] = ()
    opted_out_of: tuple[str, ...] = ()
    unreadable: int = 0
    error: str = ""

    @property
    def has_number(self) -> bool:
        """Does it say anything of the number?"""
        return bool(self.lines or self.opted_out_of)


def where_listed(campaigns: Path, number: Msisdn) -> tuple[Found, ...]:
    """What every list of the campaigns file says of the number, each list once.

    Raises FilesError where the campaigns file itself is wrong.
    """
    return tuple(_look(source, used_for, number) for source, used_for in _lists(campaigns))


def _lists(campaigns: Path) -> Iterator[tuple[ContactsSource, str]]:
    """Each file once for each use; one that comes from standard input is not there to be read."""
    seen: set[tuple[Path | None, str | None, str]] = {(None, None, "contacts")}
    for defined in load(campaigns).campaigns.values():
        for source, used_for in _of(defined):
            key = (source.file, source.sheet, used_for)
            if source.file is not None and key not in seen:
                seen.add(key)
                yield source, used_for


def _of(defined: Defined) -> Iterator[tuple[ContactsSource, str]]:
    yield from ((source, "contacts") for source in defined.contacts)
    yield from ((each.source, "exclude") for each in defined.exclude)
    region = next((source.region for source in defined.contacts if source.region), None)
    yield from (
        (ContactsSource(path, region=region, key="opt_outs"), "opt_outs") for path in defined.opt_outs
    )


def _look(source: ContactsSource, used_for: str, number: Msisdn) -> Found:
    assert source.file is not None
    nothing = Found(source.file, used_for)
    try:
        if is_sent_log(source.file):
            topics = (wish.topic for wish in opt_outs_of(source.file) if wish.number == number)
            return replace(nothing, opted_out_of=tuple(topics))
        return _read(source, nothing, number)
    except FilesError as wrong:
        return replace(nothing, error=str(next(iter(wrong.problems), wrong.message)))
    except SmscliError as wrong:
        return replace(nothing, error=wrong.message)


def _read(source: ContactsSource, nothing: Found, number: Msisdn) -> Found:
    lines, unreadable = [], 0
    with open_numbers(source) as numbers:
        for row in numbers:
            if not isinstance(row, Listed):
                unreadable += 1
            elif row.number == number:
                lines.append(Line(row.line, dict(zip(numbers.columns, row.cells, strict=False))))
    return replace(nothing, lines=tuple(lines), unreadable=unreadable)
