"""Which column of a list holds what, guessed from its first records: by their cells and by their headers.

    offered(source)        contacts: {file: list.csv, columns: {phone: "Handy Nr."}}  # "Handy Nr.": 198 of …

A guess is offered, and never acted on: whoever knows the list writes it down. So it has to say what it rests
on, to say nothing where two columns would do, and never to propose to read over an opt-out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, product, zip_longest
from string import ascii_uppercase
from typing import BinaryIO

from smscli.domain.contact import ConsentLevel
from smscli.domain.errors import FilesError, SmscliError
from smscli.domain.msisdn import BadNumber, Msisdn, is_region
from smscli.domain.number_types import TEXTABLE, number_type
from smscli.domain.repairs import read_number
from smscli.domain.zones import check_zone_name
from smscli.files.column_names import IGNORE, Role, is_named, looks_like_opt_out, phone_rank, plain, words
from smscli.files.contact_columns import contacts_line, header_with, is_a_contact, layout_of, repeats_header
from smscli.files.csv_records import Record, cleaned
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource
from smscli.files.reading import fold, listed, quoted
from smscli.files.scalars import parse_level

MOST_RECORDS = 200
"""So many records of a list are looked at."""

#: Of the cells that are not empty, so many have to be what the column is said to be.
_ENOUGH = 0.8
#: A country is guessed where more than so many numbers are mobile numbers of it, and of no other country.
_ENOUGH_OF_A_COUNTRY = 0.9
_MOST_NUMBERS = 100

_FEWEST_DIGITS = 6
_LOOKS_LIKE_A_DATE = re.compile(r"\d{4}[-./]\d\d?[-./]\d\d?\b.*|\d\d?[-./]\d\d?[-./](\d\d)?\d\d\b.*")
_DATE = re.compile(r"\d{4}-(0\d|1[0-2])-[0-3]\d([T ].*)?")
_YES_OR_NO = frozenset(["yes", "no", "y", "n", "true", "false", "t", "f", "1", "0", "x"])
_LANGUAGE = re.compile(r"([a-z]{2})([-_][A-Za-z]{2})?")

#: The languages of most lists (ISO 639-1); among all of them every other pair of letters is one.
_LANGUAGES = frozenset(
    words(
        "ar bg bn ca cs da de el en es et fa fi fr ga gl he hi hr hu hy id is it ja ka kk ko lt lv mk ms nb",
        "nl no pl pt ro ru sk sl sq sr sv sw th tr uk ur uz vi zh",
    )
)

_LANGUAGE_PARTS = ("lang", "locale", "sprache", "jezyk", "idioma", "lingua", "γλωσσ", "язык")
_COUNTRY_PARTS = ("country", "χωρα", "стран")
_COUNTRY_NAMES = frozenset(["kraj", "land", "pais", "pays", "paese", "ulke", "iso", "iso2"])
_CONSENT_PARTS = ("consent", "optin", "zgod", "einwillig", "consens", "συγκαταθ", "συναιν", "соглас", "riza")


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


@dataclass(frozen=True, slots=True)
class Finding:
    """A column that seems to have a role: `fitting` of its `cells` that are not empty are what it holds."""

    role: Role
    column: Column
    fitting: int
    reason: str

    @property
    def share(self) -> float:
        """How sure it is, by the cells: 0 to 1."""
        return self.fitting / max(len(self.column.cells), 1)


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns of a list seem to be. `header` are its columns' names; of a list that has none, names
    to propose. `region` is a country that nobody declared. `reasons` say what all this rests on."""

    has_header: bool
    header: tuple[str, ...]
    findings: tuple[Finding, ...]
    region: str | None
    reasons: tuple[str, ...]

    def applied(self, source: ContactsSource) -> ContactsSource:
        """The list as it would be read if the guess were right."""
        region = source.region or self.region
        if not self.has_header:
            return replace(source, region=region, header=self.header, columns={})
        columns = dict(source.columns)
        for finding in self.findings:
            if not _is_plain_from_names(finding, self.header):
                columns[finding.role.value] = finding.column.name
        return replace(source, region=region, columns=columns)

    def line(self, source: ContactsSource) -> str:
        """The line for the campaigns file; empty where nobody can say which column holds the numbers."""
        if not any(finding.role is Role.PHONE for finding in self.findings):
            return ""
        return contacts_line(self.applied(source))


def _is_plain_from_names(finding: Finding, header: tuple[str, ...]) -> bool:
    """Is it what the names of the columns alone say?"""
    named = [name for name in header if is_named(name, finding.role)]
    return named == [finding.column.name]


def guess(source: ContactsSource, rows: Sequence[tuple[str, ...]], header: tuple[str, ...] | None) -> Guess:
    """What the columns of these first rows seem to be. `header` None: the list has no line with names."""
    return _Guesser(source, rows[:MOST_RECORDS], header).guess()


class _Guesser:
    """Looks at one sample, role by role. A column has one role."""

    def __init__(
        self, source: ContactsSource, rows: Sequence[tuple[str, ...]], header: tuple[str, ...] | None
    ) -> None:
        self._source = source
        self._rows = [tuple(map(cleaned, row)) for row in rows]
        self._header = header
        self._columns = tuple(self._all_columns())
        self._findings: dict[Role, Finding] = {}
        self._region: str | None = None
        self._reasons: list[str] = []

    def guess(self) -> Guess:
        self._find(Role.REGION, _is_country, self._may_be_country)
        self._find_phone()
        self._find(Role.ZONE, _is_zone)
        self._find(Role.LANGUAGE, _is_language, self._may_be_language)
        self._find_consent()
        self._find_opt_out()
        findings = tuple(sorted(self._findings.values(), key=lambda found: found.column.index))
        reasons = (*(found.reason for found in findings), *self._reasons)
        return Guess(self._header is not None, self._names(), findings, self._region, reasons)

    def _all_columns(self) -> Iterator[Column]:
        names = self._header or ()
        cells = zip_longest(*self._rows, fillvalue="")
        for index, (name, column) in enumerate(zip_longest(names, cells, fillvalue=None)):
            if self._header is None or name:
                yield Column(index, cleaned(name or ""), tuple(filter(None, column or ())))

    def _names(self) -> tuple[str, ...]:
        if self._header is not None:
            return tuple(map(cleaned, self._header))
        roles = {found.column.index: found.role.value for found in self._findings.values()}
        return tuple(roles.get(column.index, f"column{column.index + 1}") for column in self._columns)

    def _free(self) -> list[Column]:
        """Columns without a role so far."""
        taken = {found.column.index for found in self._findings.values()}
        return [column for column in self._columns if column.index not in taken]

    def _is_settled(self, role: Role) -> bool:
        """Does the campaigns file say already which column has the role, and there is one, or none has it?"""
        mapped = self._source.columns.get(role)
        named = [column for column in self._free() if mapped and fold(column.name) == fold(mapped)]
        return mapped == IGNORE or (bool(named) and role is not Role.PHONE)

    def _find(
        self,
        role: Role,
        holds: Callable[[str], bool],
        may_be: Callable[[Column], bool] = lambda _: True,
    ) -> None:
        """The only column whose cells are all of this kind. One that is named so goes before others."""
        if self._is_settled(role):
            return
        fitting = [(column, _count(holds, column)) for column in self._free() if may_be(column)]
        enough = [
            (column, count) for column, count in fitting if count and count >= _ENOUGH * len(column.cells)
        ]
        named = [each for each in enough if is_named(each[0].name, role)] or enough
        if len(named) == 1:
            self._settle(role, *named[0], _KINDS[role])

    def _settle(self, role: Role, column: Column, fitting: int, kind: str, more: str = "") -> None:
        reason = f"{column.called}: {fitting} of {len(column.cells)} cells are {kind}{more}"
        self._findings[role] = Finding(role, column, fitting, reason)

    def _may_be_country(self, column: Column) -> bool:
        """By its name: CO and IN are states too. Without any names, two letters have to do."""
        letters = plain(column.name)
        is_called_so = letters in _COUNTRY_NAMES or any(part in letters for part in _COUNTRY_PARTS)
        return self._header is None or is_called_so

    def _may_be_language(self, column: Column) -> bool:
        """A column of nothing but `no` speaks no Norwegian."""
        letters = plain(column.name)
        is_called_so = any(part in letters for part in _LANGUAGE_PARTS)
        return is_called_so or not _YES_OR_NO.issuperset(map(str.casefold, column.cells))

    # --- numbers ---

    def _find_phone(self) -> None:
        mapped = self._source.columns.get(Role.PHONE)
        free = self._free()
        candidates = [column for column in free if mapped and fold(column.name) == fold(mapped)] or free
        tallies = self._tallies(candidates, self._source.region)
        if not tallies and self._source.region is None:
            self._region = self._only_region(candidates)
            tallies = self._tallies(candidates, self._region)
        chosen = _chosen(tallies)
        if chosen is None:
            self._region = None
            if tallies:
                rivals = listed(f"{each.column.called} ({each.valid})" for each in tallies)
                self._reasons.append(f"which column to text cannot be told: numbers are in {rivals}")
            return
        others = listed(each.column.called for each in tallies if each is not chosen)
        more = f"; so are some of {others}" if others else ""
        self._settle(Role.PHONE, chosen.column, chosen.valid, _KINDS[Role.PHONE], more)

    def _tallies(self, columns: Sequence[Column], region: str | None) -> list[_Tally]:
        """Columns whose cells are numbers."""
        found = [self._tally(column, region) for column in columns if _may_be_numbers(column)]
        return [each for each in found if each.valid and each.valid >= _ENOUGH * len(each.column.cells)]

    def _tally(self, column: Column, region: str | None) -> _Tally:
        numbers = [
            number
            for row in self._rows
            if (number := _number(_cell(row, column.index), self._region_of(row) or region))
        ]
        textable = sum(number_type(number) in self._source.number_types for number in numbers)
        return _Tally(column, len(numbers), textable)

    def _region_of(self, row: tuple[str, ...]) -> str | None:
        of_row = self._findings.get(Role.REGION)
        said = _cell(row, of_row.column.index).upper() if of_row else ""
        return said if is_region(said) else None

    def _only_region(self, columns: Sequence[Column]) -> str | None:
        """The only country in which the numbers of a column are mobile numbers."""
        for column in sorted(filter(_may_be_numbers, columns), key=lambda each: phone_rank(each.name) or 0):
            cells = [cell for cell in column.cells if not cell.startswith(("+", "00"))][:_MOST_NUMBERS]
            if len(cells) < _ENOUGH * min(len(column.cells), _MOST_NUMBERS):
                continue
            fitting = [region for region in _regions() if _are_mobile_in(region, cells)]
            if len(fitting) == 1:
                said = (
                    f"region {fitting[0]}: {column.called} holds its mobile numbers, and no other country's"
                )
                self._reasons.append(said)
                return fitting[0]
            if fitting:
                several = listed(fitting, "or")
                said = f"the country of the numbers in {column.called} cannot be told: {several}; say region:"
                self._reasons.append(said)
        return None

    # --- consent and opt-outs ---

    def _find_consent(self) -> None:
        """Level and date, or neither: one without the other is no evidence."""
        if {Role.CONSENT, Role.CONSENT_DATE} & {Role(role) for role in self._source.columns}:
            return
        self._find(Role.CONSENT, _is_level, _says_more_than_none)
        self._find(Role.CONSENT_DATE, _is_date, _is_about_consent)
        found = [self._findings.get(role) for role in (Role.CONSENT, Role.CONSENT_DATE)]
        if found[0] and not found[1]:
            lacking = "which column says when cannot be told"
            self._reasons.append(f"{found[0].column.called} says how much people agreed to; {lacking}")
        if not all(found):
            for role in (Role.CONSENT, Role.CONSENT_DATE):
                self._findings.pop(role, None)

    def _find_opt_out(self) -> None:
        """A column is one only if it is called so: a flag for a newsletter says yes and no as well."""
        if Role.OPT_OUT in self._source.columns:
            return
        looking = [column for column in self._columns if looks_like_opt_out(column.name)]
        if len(looking) == 1:
            column = looking[0]
            fitting = _count(_is_yes_or_no, column)
            if fitting >= _ENOUGH * len(column.cells):
                self._settle(Role.OPT_OUT, column, fitting, _KINDS[Role.OPT_OUT], ", and it is called so")
                return
        for column in looking:
            said = f"{column.called} looks like an opt-out: make one column of yes and no of it"
            self._reasons.append(said)
        if self._header is None:
            flags = [
                column
                for column in self._free()
                if column.cells and _count(_is_yes_or_no, column) == len(column.cells)
            ]
            self._reasons += (f"{column.called} says yes or no: is it an opt-out?" for column in flags)


_KINDS: Mapping[Role, str] = {
    Role.PHONE: "phone numbers",
    Role.REGION: "countries",
    Role.ZONE: "time zones",
    Role.LANGUAGE: "languages",
    Role.CONSENT: "levels of consent",
    Role.CONSENT_DATE: "dates",
    Role.OPT_OUT: "yes or no",
}


@dataclass(frozen=True, slots=True)
class _Tally:
    """A column of numbers: how many there are, and how many of a kind that may be texted."""

    column: Column
    valid: int
    textable: int

    @property
    def rank(self) -> int:
        """By its name: 0 mobile phones, 1 phones, 2 anything, 3 what is not to text."""
        rank = phone_rank(self.column.name)
        return {None: 2, 2: 3}.get(rank, rank or 0)


def _chosen(tallies: Sequence[_Tally]) -> _Tally | None:
    """The column to text, if there is no doubt: one with few numbers is nobody's rival."""
    most = max((each.textable for each in tallies), default=0)
    strong = [each for each in tallies if each.textable * 2 >= most > 0]
    best = min((each.rank for each in strong), default=0)
    rivals = [each for each in strong if each.rank == best]
    return rivals[0] if len(rivals) == 1 else None


def _count(holds: Callable[[str], bool], column: Column) -> int:
    return sum(map(holds, column.cells))


def _cell(row: tuple[str, ...], index: int) -> str:
    return row[index] if index < len(row) else ""


def _may_be_numbers(column: Column) -> bool:
    fitting = _count(_may_be_number, column)
    return bool(fitting) and fitting >= _ENOUGH * len(column.cells)


def _may_be_number(cell: str) -> bool:
    """A cheap look first: in Denmark or Singapore the 8 digits of a date are a number."""
    return sum(map(str.isdigit, cell)) >= _FEWEST_DIGITS and not _LOOKS_LIKE_A_DATE.fullmatch(cell)


def _number(cell: str, region: str | None) -> Msisdn | None:
    if not _may_be_number(cell):
        return None
    try:
        return read_number(cell, None if cell.startswith("+") else region)[0]
    except BadNumber:
        return None


@cache
def _regions() -> tuple[str, ...]:
    return tuple(region for pair in product(ascii_uppercase, repeat=2) if is_region(region := "".join(pair)))


def _are_mobile_in(region: str, cells: Sequence[str]) -> bool:
    """Are nearly all of them mobile numbers of this very country? Gives up as soon as too many are not."""
    may_fail = int(len(cells) * (1 - _ENOUGH_OF_A_COUNTRY))
    for cell in cells:
        may_fail -= not _is_mobile_in(region, cell)
        if may_fail < 0:
            return False
    return bool(cells)


def _is_mobile_in(region: str, cell: str) -> bool:
    try:
        number, repair = read_number(cell, region)
    except BadNumber:
        return False
    return repair is None and number.country == region and number_type(number) in TEXTABLE


def _is_country(cell: str) -> bool:
    return len(cell) == 2 and cell.isupper() and is_region(cell)


def _is_zone(cell: str) -> bool:
    return "/" in cell and _reads(check_zone_name, cell)


def _is_language(cell: str) -> bool:
    found = _LANGUAGE.fullmatch(cell)
    return found is not None and found[1] in _LANGUAGES


def _is_level(cell: str) -> bool:
    return _reads(parse_level, cell)


def _says_more_than_none(column: Column) -> bool:
    return any(_is_level(cell) and parse_level(cell) is not ConsentLevel.NONE for cell in column.cells)


def _is_date(cell: str) -> bool:
    return _DATE.fullmatch(cell) is not None


def _is_about_consent(column: Column) -> bool:
    """By its name: a birthday is a date too."""
    return any(part in plain(column.name) for part in _CONSENT_PARTS)


def _is_yes_or_no(cell: str) -> bool:
    return cell.casefold() in _YES_OR_NO


def _reads(read: Callable[[str], object], cell: str) -> bool:
    try:
        read(cell)
    except ValueError:
        return False
    return True


def offered(source: ContactsSource, stdin: BinaryIO | None = None, *, is_copy: bool = False) -> str | None:
    """The line for the campaigns file that would mend a list's header, with what it rests on as its comment.

    None where the header is fine, where nothing can be told, and where the list cannot be read. `stdin` and
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
    if header is not None and _is_fine(source, header):
        return None
    found = guess(source, [record.cells for record in rows], header.cells if header else None)
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


def _is_fine(source: ContactsSource, header: Record) -> bool:
    try:
        layout_of(source, header, frozenset())
    except FilesError:
        return False
    return True
