"""The rows of a campaign's lists on their way to the plan: contacts pass, bad rows and repairs are noted.

Memory is bounded: of any number of problems and repairs the first are kept to be told, the rest is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from smscli.domain.contact import Contact
from smscli.domain.errors import Problem
from smscli.domain.msisdn import Msisdn
from smscli.files.contacts_file import BadRow, ContactLists, ContactsReader

#: So many problems are kept to be told; beyond that they are only counted. `--problems` has every row.
MOST_PROBLEMS = 10_000


@dataclass(slots=True)
class BadRows:
    """The rows that are no contacts. `opted_out` are numbers that such a row opts out, and of which list."""

    count: int = 0
    problems: list[Problem] = field(default_factory=list)
    opted_out: dict[Msisdn, int] = field(default_factory=dict)

    def add(self, row: BadRow) -> None:
        """Count a row, and keep what is to be told of it."""
        self.count += 1
        for number in row.opted_out:
            self.opted_out.setdefault(number, row.of_list)
        self.problems.extend(row.problems[: MOST_PROBLEMS - len(self.problems)])


@dataclass(slots=True)
class Repairs:
    """Cells that were mended to be read: how many, by code, and the first of them."""

    by_code: Counter[str] = field(default_factory=Counter)
    listed: list[Problem] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.by_code.total()

    def add(self, repairs: tuple[Problem, ...]) -> None:
        """Count the repairs of one contact."""
        self.by_code.update(repair.code for repair in repairs)
        self.listed.extend(repairs[: MOST_PROBLEMS - len(self.listed)])


@dataclass(frozen=True, slots=True)
class ReadList:
    """One list as it was read: `rows` of it, behind so many rows of the lists `before` it."""

    reader: ContactsReader
    rows: int
    before: int

    @property
    def name(self) -> str:
        """What problems call it."""
        return self.reader.name

    def record(self, row: int) -> int:
        """The number in this list of a row that is numbered through all lists."""
        return row - self.before


@dataclass(slots=True)
class Sieve:
    """Lets contacts through. `listeners` are told of every bad row, which nobody keeps."""

    bad: BadRows = field(default_factory=BadRows)
    repairs: Repairs = field(default_factory=Repairs)
    listeners: list[Callable[[BadRow], None]] = field(default_factory=list)
    _last: dict[int, int] = field(default_factory=dict)

    def sift(self, rows: Iterable[Contact | BadRow]) -> Iterator[Contact]:
        """The contacts among the rows."""
        last = self._last
        for row in rows:
            last[row.of_list] = row.row
            if isinstance(row, Contact):
                if row.repairs:
                    self.repairs.add(row.repairs)
                yield row
                continue
            self.bad.add(row)
            for hear in self.listeners:
                hear(row)

    def lists(self, opened: ContactLists) -> tuple[ReadList, ...]:
        """Which rows are whose, once all of them were sifted."""
        found, before = [], 0
        for of_list, reader in enumerate(opened.readers):
            end = self._last.get(of_list, before)
            found.append(ReadList(reader, end - before, before))
            before = end
        return tuple(found)
