"""Which column of a list holds what, guessed from its first records: by their cells and by their headers.

    offered(source)        contacts: {file: list.csv, columns: {phone: "Handy 1"}}  # "Handy 1": 198 of 200 …

A guess is offered, and never acted on: whoever knows the list writes it down. So it says what it rests on,
says nothing where two columns would do, and never proposes to read over what may be an opt-out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from types import MappingProxyType
from typing import BinaryIO

from smscli.domain.errors import FilesError, SmscliError
from smscli.domain.msisdn import is_region
from smscli.domain.number_types import number_type
from smscli.files.cell_kinds import (
    countries_of,
    is_consent,
    is_country,
    is_date,
    is_language,
    is_level,
    is_yes_or_no,
    is_zone,
    may_be_number,
    number_in,
)
from smscli.files.column_names import IGNORE, Role, is_named, looks_like_opt_out, phone_rank, plain, words
from smscli.files.contact_columns import (
    contacts_line,
    has_phone,
    header_with,
    is_a_contact,
    layout_of,
    misread,
    repeats_header,
)
from smscli.files.csv_records import Record, cleaned
from smscli.files.first_records import LOOKED_AT, below_a_title
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource
from smscli.files.reading import did_you_mean, fold, listed, quoted

MOST_RECORDS = 200
"""So many records of a list are looked at."""

#: Of the cells that are not empty, so many have to be what the column is said to hold.
_ENOUGH = 0.8
_MOST_NUMBERS = 100

_LANGUAGE_PARTS = words("lang locale sprache jezyk idioma lingua γλωσσ язык")
_COUNTRY_PARTS = words("country χωρα стран")
_COUNTRY_NAMES = frozenset(words("kraj land pais pays paese ulke iso iso2"))
_CONSENT_PARTS = words("consent optin zgod einwillig consens συγκαταθ συναιν соглас riza")

_KINDS: Mapping[Role, str] = MappingProxyType(
    {
        Role.PHONE: "phone numbers",
        Role.REGION: "countries",
        Role.ZONE: "time zones",
        Role.LANGUAGE: "languages",
        Role.CONSENT: "levels of consent",
        Role.CONSENT_DATE: "dates",
        Role.OPT_OUT: "yes, no or dates",
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the sample. `name` is empty in a list without a header; `cells` are not empty."""

    index: int
    name: str
    cells: tuple[str, ...]

    @property
    def called(self) -> str:
        """What reasons call it."""
        return quoted(self.name) if self.name else f"column {self.index + 1}"

    def holds(self, is_one: Callable[[str], bool]) -> int:
        """How many cells are of a kind, or 0 where too few are for all to be meant so."""
        count = sum(map(is_one, self.cells))
        return count if count >= _ENOUGH * len(self.cells) else 0

    def is_about(self, parts: Sequence[str]) -> bool:
        """Has its name one of these parts?"""
        letters = plain(self.name)
        return any(part in letters for part in parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """A column that seems to have a role: `fitting` of its cells that are not empty are what it holds."""

    role: Role
    column: Column
    fitting: int
    more: str = ""

    @property
    def share(self) -> float:
        """How sure it is, by the cells: 0 to 1."""
        return self.fitting / max(len(self.column.cells), 1)

    @property
    def reason(self) -> str:
        """What it rests on: `"Handy 1": 198 of 200 cells are phone numbers`."""
        found = f"{self.fitting} of {len(self.column.cells)} cells are {_KINDS[self.role]}"
        return f"{self.column.called}: {found}{self.more}"


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns of a list seem to be.

    `header` are their names; of a list that has no line with them (`has_header`), names to propose. `region`
    is a country that nobody declared. `notes` say what could not be told.
    """

    has_header: bool
    header: tuple[str, ...]
    findings: tuple[Finding, ...]
    region: str | None
    notes: tuple[str, ...]
    opt_outs: tuple[str, ...] = ()
    """The headers of all columns of opt-outs, with those that are named already."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """What all this rests on, and what could not be told."""
        return (*(finding.reason for finding in self.findings), *self.notes)

    def applied(self, source: ContactsSource) -> ContactsSource:
        """The list as it would be read if the guess were right."""
        region = source.region or self.region
        if not self.has_header:
            return replace(source, region=region, header=self.header)
        absent = _absent(source, self.header)
        columns = {role: name for role, name in source.columns.items() if role not in absent}
        for finding in self.findings:
            if [finding.column.name] != [name for name in self.header if is_named(name, finding.role)]:
                columns[finding.role.value] = finding.column.name
        applied = replace(source, region=region, columns=columns)
        return applied.with_opt_outs(*self.opt_outs) if self.opt_outs else applied

    def line(self, source: ContactsSource) -> str:
        """The line for the campaigns file; empty where nobody can say which column holds the numbers."""
        if not any(finding.role is Role.PHONE for finding in self.findings):
            return ""
        return contacts_line(self.applied(source))


def guess(source: ContactsSource, rows: Sequence[Sequence[str]], header: Sequence[str] | None) -> Guess:
    """What the columns of these first rows seem to be. `header` None: the list has no line with names."""
    return _Guesser(source, rows[:MOST_RECORDS], header).guess()


class _Guesser:
    """Looks at one sample, role by role. A column has one role."""

    def __init__(
        self, source: ContactsSource, rows: Sequence[Sequence[str]], header: Sequence[str] | None
    ) -> None:
        self._source = source
        self._rows = [tuple(map(cleaned, row)) for row in rows]
        self._header = None if header is None else tuple(map(cleaned, header))
        self._columns = tuple(self._all_columns())
        self._findings: dict[Role, Finding] = {}
        self._opt_out_findings: list[Finding] = []
        self._opt_outs: tuple[str, ...] = ()
        self._region: str | None = None
        self._notes: list[str] = []

    def guess(self) -> Guess:
        """Countries come first: numbers are read by them."""
        self._find(Role.REGION, is_country, self._may_be_country)
        self._find_phone()
        self._find(Role.ZONE, is_zone)
        self._find(Role.LANGUAGE, is_language, _may_be_language)
        self._find_consent()
        self._find_opt_outs()
        if self._header is None:
            self._note_what_needs_a_name()
        else:
            gone = _absent(self._source, self._header)
            self._notes += [f"no column is {quoted(name)}, the {role}" for role, name in gone.items()]
        findings = sorted(
            [*self._findings.values(), *self._opt_out_findings], key=lambda found: found.column.index
        )
        return Guess(
            self._header is not None,
            self._names(),
            tuple(findings),
            self._region,
            tuple(self._notes),
            self._opt_outs,
        )

    def _all_columns(self) -> Iterator[Column]:
        """Those that the campaigns file can name: of one name, several cannot be told apart."""
        columns = list(zip_longest(*self._rows, fillvalue=""))
        if self._header is None:
            while len(self._rows) > 1 and columns and not any(columns[-1]):
                columns.pop()  # spreadsheets leave them behind
            names = ("",) * len(columns)
        else:
            names = self._header
            columns += [()] * (len(names) - len(columns))
        times = Counter(map(fold, names))
        for index, (name, cells) in enumerate(zip(names, columns, strict=False)):
            if self._header is None or (fold(name) and times[fold(name)] == 1):
                yield Column(index, name, tuple(filter(None, cells)))

    def _names(self) -> tuple[str, ...]:
        if self._header is not None:
            return self._header
        roles = {found.column.index: found.role for found in self._findings.values()}
        return tuple(
            self._source.columns.get(roles[each.index], roles[each.index].value)
            if each.index in roles
            else f"column{each.index + 1}"
            for each in self._columns
        )

    def _free(self) -> list[Column]:
        """Columns without a role so far."""
        taken = {found.column.index for found in self._findings.values()}
        return [column for column in self._columns if column.index not in taken]

    def _mapped(self, role: Role) -> Column | None:
        """The column that has a role by the campaigns file."""
        name = self._source.columns.get(role)
        return next((each for each in self._columns if name and fold(each.name) == fold(name)), None)

    def _is_settled(self, role: Role) -> bool:
        """Does the campaigns file say which column has the role, and there is one, or that none has?"""
        return self._source.columns.get(role) == IGNORE or self._mapped(role) is not None

    def _find(
        self,
        role: Role,
        is_one: Callable[[str], bool],
        may_be: Callable[[Column], bool] = lambda _: True,
    ) -> None:
        """The only column whose cells are all of this kind. One that is named so goes before others."""
        if self._is_settled(role):
            return
        mapped = {fold(name) for name in self._source.columns.values()}
        free = [column for column in self._free() if fold(column.name) not in mapped - {""}]
        found = [column for column in free if may_be(column) and column.holds(is_one)]
        named = [column for column in found if is_named(column.name, role)] or found
        if len(named) == 1:
            self._findings[role] = Finding(role, named[0], named[0].holds(is_one))

    def _may_be_country(self, column: Column) -> bool:
        """By its name: CO and IN are states too. Without any names, two letters have to do."""
        is_called_so = plain(column.name) in _COUNTRY_NAMES or column.is_about(_COUNTRY_PARTS)
        return self._header is None or is_called_so

    # --- numbers ---

    def _find_phone(self) -> None:
        mapped = self._mapped(Role.PHONE)
        candidates = [each for each in ([mapped] if mapped else self._free()) if each.holds(may_be_number)]
        tallies = self._tallies(candidates, self._source.region)
        if not tallies and self._source.region is None:
            self._region = self._only_country(candidates)
            tallies = self._tallies(candidates, self._region)
        chosen = _chosen(tallies)
        if chosen is not None:
            others = listed(each.column.name or each.column.called for each in tallies if each is not chosen)
            more = f"; so are those of {others}" if others else ""
            self._findings[Role.PHONE] = Finding(Role.PHONE, chosen.column, chosen.valid, more)
            return
        self._region = None
        if tallies:
            rivals = listed(f"{each.column.name or each.column.called} ({each.valid})" for each in tallies)
            self._notes.append(f"which column to text cannot be told: numbers are in {rivals}")

    def _tallies(self, columns: Sequence[Column], region: str | None) -> list[_Tally]:
        """The columns whose cells are numbers."""
        found = [self._tally(column, region) for column in columns]
        return [each for each in found if each.valid and each.valid >= _ENOUGH * len(each.column.cells)]

    def _tally(self, column: Column, region: str | None) -> _Tally:
        read = (
            number_in(row[column.index], self._region_of(row) or region)
            for row in self._rows
            if column.index < len(row)
        )
        numbers = [number for number in read if number is not None]
        textable = sum(number_type(number) in self._source.number_types for number in numbers)
        return _Tally(column, len(numbers), textable)

    def _region_of(self, row: tuple[str, ...]) -> str | None:
        found = self._findings.get(Role.REGION)
        column = found.column if found else self._mapped(Role.REGION)
        said = row[column.index].upper() if column and column.index < len(row) else ""
        return said if is_region(said) else None

    def _only_country(self, columns: Sequence[Column]) -> str | None:
        """The only country whose mobile numbers a column holds."""
        for column in columns:
            cells = [cell for cell in column.cells if not cell.startswith(("+", "00"))][:_MOST_NUMBERS]
            countries = countries_of(cells)
            if len(countries) == 1:
                said = (
                    f"region {countries[0]}: {column.called} holds its mobile numbers, and no other country's"
                )
                self._notes.append(said)
                return countries[0]
            if countries:
                several = listed(countries, "or")
                self._notes.append(f"the region of {column.called} cannot be told: {several}")
        return None

    # --- consent and opt-outs ---

    def _find_consent(self) -> None:
        """Level and date, or neither: one without the other is no evidence."""
        both = (Role.CONSENT, Role.CONSENT_DATE)
        self._find(Role.CONSENT, is_level, lambda column: any(map(is_consent, column.cells)))
        self._find(Role.CONSENT_DATE, is_date, lambda column: column.is_about(_CONSENT_PARTS))
        if all(role in self._findings or self._mapped(role) for role in both):
            return
        level = self._findings.get(Role.CONSENT)
        if level is not None:
            self._notes.append(f"{level.column.called} holds levels of consent; which column says when?")
        for role in both:
            self._findings.pop(role, None)

    def _find_opt_outs(self) -> None:
        """A column is one only if it is called so: a flag for a newsletter says yes and no as well."""
        if self._source.columns.get(Role.OPT_OUT) == IGNORE:
            return
        there = {fold(column.name) for column in self._columns}
        named = [name for name in self._source.opt_outs if fold(name) in there]
        settled = set(map(fold, (*named, *self._source.ignore)))
        called_so = [column for column in self._columns if looks_like_opt_out(column.name)]
        others = [column for column in called_so if fold(column.name) not in settled]
        found = [Finding(Role.OPT_OUT, column, column.holds(_may_opt_out)) for column in others]
        free = self._free()
        unclear = [
            each.column
            for each in found
            if each.column not in free or (each.column.cells and not each.fitting)
        ]
        for column in unclear:
            self._notes.append(
                f"{column.called} looks like an opt-out, and holds more than yes, no and dates"
            )
        if found and not unclear:
            self._opt_outs = (*named, *(each.column.name for each in found))
            self._opt_out_findings = found

    def _note_what_needs_a_name(self) -> None:
        for column in self._free():
            if column.holds(is_yes_or_no):
                self._notes.append(f"{column.called} says yes or no: name it, it may be an opt-out")
        for role, name in self._source.columns.items():
            if name != IGNORE and role not in self._findings:
                self._notes.append(f"which column is {quoted(name)}, the {role}, cannot be told")


@dataclass(frozen=True, slots=True)
class _Tally:
    """A column of numbers: how many there are, and how many of a kind that may be texted."""

    column: Column
    valid: int
    textable: int

    @property
    def rank(self) -> int:
        """By its name: 0 mobile phones, 1 phones, 2 anything, 3 phones that are not to be texted."""
        rank = phone_rank(self.column.name)
        return 2 if rank is None else (0, 1, 3)[rank]


def _chosen(tallies: Sequence[_Tally]) -> _Tally | None:
    """The column to text, if there is no doubt: one with few numbers is nobody's rival."""
    most = max((each.textable for each in tallies), default=0)
    strong = [each for each in tallies if each.textable * 2 >= most > 0]
    best = min((each.rank for each in strong), default=0)
    rivals = [each for each in strong if each.rank == best]
    return rivals[0] if len(rivals) == 1 else None


def _absent(source: ContactsSource, header: Sequence[str]) -> Mapping[str, str]:
    """Roles that the campaigns file gives to a column that the list does not have, nor one called nearly so.

    What it says is of another list. Numbers are looked for anyway; of several opt-outs none is left out.
    """
    return {
        role: name
        for role, name in source.columns.items()
        if name != IGNORE
        and role != Role.PHONE
        and not (role == Role.OPT_OUT and source.further_opt_outs)
        and not did_you_mean(name, header)
    }


def _may_opt_out(cell: str) -> bool:
    """Whoever has a date in such a column opted out then."""
    return is_yes_or_no(cell) or is_date(cell)


def _may_be_language(column: Column) -> bool:
    """A column of nothing but `no` speaks no Norwegian, unless it is called so."""
    return column.is_about(_LANGUAGE_PARTS) or not all(map(is_yes_or_no, column.cells))


def offered(source: ContactsSource, stdin: BinaryIO | None = None, *, is_copy: bool = False) -> str | None:
    """The line for the campaigns file that would mend a list's header, with what it rests on as its comment.

    None where nothing is to be mended or can be told, and where the list cannot be read. `stdin` and
    `is_copy` are those of `open_list`.
    """
    try:
        with open_list(source, stdin, is_copy=is_copy) as opened:
            records = [each for each in islice(opened.records(), MOST_RECORDS + 1) if not each.broken]
    except (SmscliError, OSError):
        return None
    return _offer(source, records) if records else None


def _offer(source: ContactsSource, records: Sequence[Record]) -> str | None:
    header, rows = _apart(source, records)
    found = guess(source, [record.cells for record in rows], None if header is None else header.cells)
    if found.region is None and header is not None and _is_fine(source, header):
        return None
    if _is_elsewhere(source, records):
        return None
    line = found.line(source)
    if line in ("", contacts_line(source)):
        return None
    return f"{line}  # {'; '.join(found.reasons)}"


def _apart(source: ContactsSource, records: Sequence[Record]) -> tuple[Record | None, Sequence[Record]]:
    """The header, if there is one, and the rows."""
    first, *others = records
    if source.header:
        has_line = repeats_header(source.header, first.cells)
        return (header_with(source, first), others) if has_line else (Record(0, source.header), records)
    return (None, records) if is_a_contact(source, first.cells) else (first, others)


def _is_elsewhere(source: ContactsSource, records: Sequence[Record]) -> bool:
    """Has the first line to be mended itself? What it says names no column."""
    first = records[0]
    if source.header or has_phone(source, first.cells):
        return False
    cells = tuple(map(cleaned, first.cells))
    is_below = below_a_title(source, first, records[1:LOOKED_AT]) is not None
    return is_below or misread(source, cells, first.line) is not None


def _is_fine(source: ContactsSource, header: Record) -> bool:
    try:
        layout_of(source, header, frozenset())
    except FilesError:
        return False
    return True
