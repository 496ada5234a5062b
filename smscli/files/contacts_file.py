"""The contact list: CSV rows turned into contacts, with a problem for every bad cell.

    with open_lists(sources, fields_of_the_texts, stdin, today=today) as contacts:
        for row in contacts:                               Contact | BadRow, in order, one at a time

Knows cells. Does not know what a campaign makes of a contact, and reads no clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import BinaryIO, TypeVar

from smscli.domain.contact import Consent, ConsentLevel, Contact
from smscli.domain.errors import FilesError, Place, Problem
from smscli.domain.msisdn import Msisdn, mask, parse
from smscli.domain.zones import check_zone_name
from smscli.files.bad_rows import BadRow, write_bad_rows
from smscli.files.contact_columns import (
    BUILT_IN_FIELDS,
    Layout,
    Role,
    header_problem,
    layout_of,
)
from smscli.files.csv_records import Record, cleaned
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource
from smscli.files.located import Wrong
from smscli.files.reading import files_error, has_control, inert, quoted, shown
from smscli.files.scalars import parse_country, parse_language, parse_level

__all__ = [
    "BUILT_IN_FIELDS",
    "BadRow",
    "ContactLists",
    "ContactsReader",
    "ContactsSource",
    "Role",
    "open_contacts",
    "open_lists",
    "write_bad_rows",
]

_YES = frozenset({"yes", "y", "true", "t", "1", "x"})
_NO = frozenset({"", "no", "n", "false", "f", "0"})

_EMPTY_HINT = "a list begins with the names of its columns, such as phone,first_name"
_HEADER_HINT = "save the list again as CSV UTF-8 with Windows or Unix line ends"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

T = TypeVar("T")


class ContactsReader:
    """An open list. Iterate over `rows` once: `Contact` or `BadRow`, in order, one at a time.

    `delimiter` is empty for a list of one column. `columns` are the headers, `mapping` role to header.
    """

    def __init__(
        self, source: ContactsSource, opened: Iterator[Record], delimiter: str, layout: Layout, today: date
    ) -> None:
        self.name = source.name
        self.source = source
        self.delimiter = delimiter
        self.columns = layout.columns
        self.mapping: Mapping[str, str] = {
            role.value: layout.columns[index] for role, index in layout.roles.items()
        }
        self._records = opened
        self._layout = layout
        self._today = today

    def __iter__(self) -> Iterator[Contact | BadRow]:
        return self.rows()

    def rows(self, of_list: int = 0, before: int = 0) -> Iterator[Contact | BadRow]:
        """The rows of this list, which is that one of its campaign's, with so many records before it."""
        region = self.source.region
        for row, record in enumerate(self._records, start=before + 1):
            found = _Row(row, record, self.name, self._layout, region, self._today).read()
            yield replace(found, of_list=of_list) if of_list else found


class ContactLists:
    """The open lists of a campaign, one behind another."""

    def __init__(self, readers: Sequence[ContactsReader]) -> None:
        self.readers = tuple(readers)

    @property
    def name(self) -> str:
        """What to call them: `a.csv`, or `a.csv and b.csv`."""
        return " and ".join(reader.name for reader in self.readers)

    def __iter__(self) -> Iterator[Contact | BadRow]:
        last = 0
        for of_list, reader in enumerate(self.readers):
            for row in reader.rows(of_list, last):
                last = row.row
                yield row


@contextmanager
def open_lists(
    sources: Sequence[ContactsSource],
    wanted_fields: frozenset[str],
    stdin: BinaryIO | None = None,
    *,
    today: date,
) -> Iterator[ContactLists]:
    """Open all lists of a campaign and check their headers before the first row is read.

    Raises FilesError with what is wrong with all headers.
    """
    with ExitStack() as opened:
        readers, problems = [], list[Problem]()
        for source in sources:
            try:
                readers.append(opened.enter_context(open_contacts(source, wanted_fields, stdin, today=today)))
            except FilesError as wrong:
                if not wrong.problems:
                    raise
                problems += wrong.problems
        if problems:
            raise files_error(problems)
        yield ContactLists(readers)


@contextmanager
def open_contacts(
    source: ContactsSource,
    wanted_fields: frozenset[str],
    stdin: BinaryIO | None = None,
    *,
    today: date,
    is_copy: bool = False,
) -> Iterator[ContactsReader]:
    """Open a list and check its header. `wanted_fields`: what the texts need; `today` bounds consent dates.
    `is_copy`: `stdin` holds what the source named, which cannot be read a second time.

    Raises FilesError, here for the file and its header, while iterating for bytes that are no text.
    """
    if source.file is not None and source.file.suffix.lower() in (".yaml", ".yml") and source.file.is_file():
        hint = "name the list, a CSV file: --contacts FILE, or contacts: FILE in the campaigns file"
        raise header_problem(source, None, "not_csv", "is a campaigns file by its name, not a list", hint)
    with open_list(source, stdin, is_copy=is_copy) as opened:
        records = opened.records()
        header = _header(source, records)
        layout = layout_of(source, header, wanted_fields)
        yield ContactsReader(source, records, opened.delimiter, layout, today)


def _header(source: ContactsSource, records: Iterator[Record]) -> Record:
    """The names of the columns: of the campaigns file, else the first record."""
    if source.header:
        return Record(0, source.header)
    header = next(records, None)
    if header is None:
        raise header_problem(source, None, "empty_file", "is empty", _EMPTY_HINT)
    if header.broken:
        raise header_problem(source, header.line, "header", f"the header: {header.broken}", _HEADER_HINT)
    return header


class _Row:
    """One record on its way to a contact; collects a problem for every bad cell."""

    def __init__(
        self, row: int, record: Record, name: str, layout: Layout, region: str | None, today: date
    ) -> None:
        self._row = row
        self._record = record
        self._name = name
        self._layout = layout
        self._region = region
        self._today = today
        self._problems: list[Problem] = []

    def read(self) -> Contact | BadRow:
        """The contact, or all that keeps the row from being one."""
        if not self._is_whole():
            return self._bad()
        number = self._number()
        opted_out = self._cell(Role.OPT_OUT, _says_stop)
        consent = self._consent()
        zone = self._cell(Role.ZONE, check_zone_name)
        language = self._cell(Role.LANGUAGE, parse_language)
        fields = {name: self._field(index) for name, index in self._layout.fields.items()}
        may_have_opted_out = Role.OPT_OUT in self._layout.roles and opted_out is not False
        if self._problems or number is None:
            return self._bad(number if may_have_opted_out else None)
        stops = ("",) if opted_out else ()
        return Contact(self._row, self._record.line, number, consent, stops, zone, language, fields)

    def _bad(self, opted_out: Msisdn | None = None) -> BadRow:
        columns = ("", *map(shown, self._layout.columns))
        problems = sorted(self._problems, key=lambda problem: columns.index(problem.where.path))
        return BadRow(self._row, self._record.line, tuple(problems), self._record.cells, opted_out)

    def _complain(self, column: str, code: str, message: str, hint: str = "") -> None:
        place = Place(self._name, self._record.line, None, shown(column))
        if any(known.where == place and known.code == code for known in self._problems):
            return  # a NUL is a control character too
        self._problems.append(Problem(place, code, inert(message, 300), inert(hint, 300)))

    def _is_whole(self) -> bool:
        """Has the record the header's shape, and no doubt about where it begins."""
        record, needed = self._record, len(self._layout.columns)
        if record.broken:
            self._complain("", "broken_row", record.broken, "mend the quotes of this row")
            return False
        if record.behind is not None:
            message = f"stands behind a quote that line {record.behind} opens and does not close"
            self._complain("", "uncertain_row", message, f"mend line {record.behind} first")
        if len(record.cells) != needed:
            amount = "1 cell" if len(record.cells) == 1 else f"{len(record.cells)} cells"
            hint = "a cell that holds the delimiter needs quotes" if len(record.cells) > needed else ""
            self._complain("", "wrong_cells", f"has {amount}, the header has {needed}", hint)
            return False
        for column, cell in zip(self._layout.columns, record.cells, strict=True):
            if "\0" in cell:
                self._complain(column, "control_character", "holds a NUL byte", "export the list again")
        return True

    def _cell(self, role: Role, read: Callable[[str], T]) -> T | None:
        """What a cell means, or None: no such column, or empty, or bad (and complained of)."""
        index = self._layout.roles.get(role)
        if index is None:
            return None
        column, text = self._layout.columns[index], cleaned(self._record.cells[index])
        if not text and role not in (Role.PHONE, Role.OPT_OUT):
            return None
        if has_control(text):
            self._complain(
                column, "control_character", f"{mask(text)} holds a control character", "delete it"
            )
            return None
        try:
            return read(text)
        except ValueError as wrong:
            code = getattr(wrong, "code", Wrong.CODE)
            code = f"bad_{role}" if code == Wrong.CODE else code
            self._complain(column, code, getattr(wrong, "message", str(wrong)), getattr(wrong, "hint", ""))
            return None

    def _number(self) -> Msisdn | None:
        """The number; one that does not start with + is read in the row's region, else in the list's."""
        says_country = cleaned(self._record.cells[self._layout.roles[Role.PHONE]]).startswith("+")
        before = len(self._problems)
        region = None if says_country else self._cell(Role.REGION, parse_country)
        if len(self._problems) > before:
            return None
        return self._cell(Role.PHONE, lambda text: parse(text, region or self._region))

    def _field(self, index: int) -> str:
        text = cleaned(self._record.cells[index])
        if has_control(text, allowed="\n"):
            message = f"{mask(text)} holds a control character"
            self._complain(self._layout.columns[index], "control_character", message, "delete it")
        return text

    def _consent(self) -> Consent | None:
        before = len(self._problems)
        level = self._cell(Role.CONSENT, parse_level)
        given_on = self._cell(Role.CONSENT_DATE, self._past_date)
        topics = self._cell(Role.CONSENT_TOPICS, _topics) or ()
        source = self._cell(Role.CONSENT_SOURCE, str) or f"{self._name}:{self._record.line}"
        if len(self._problems) > before or level is None is given_on:
            return None
        if level is None or given_on is None:
            if level is not ConsentLevel.NONE:
                self._half_consent(Role.CONSENT if level is None else Role.CONSENT_DATE)
            return None
        return Consent(level, given_on, topics, source)

    def _half_consent(self, empty: Role) -> None:
        column = self._layout.columns[self._layout.roles[empty]]
        self._complain(
            column, "half_consent", "is empty: consent has a level and a date", "fill both or none"
        )

    def _past_date(self, text: str) -> date:
        try:
            if not _DATE.match(text):
                raise ValueError(text)
            given_on = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
        except ValueError:
            raise Wrong(f"{quoted(text)} is not a date", code="bad_date", hint="write 2025-03-01") from None
        # One day of grace: today comes to Auckland before it comes to UTC.
        if given_on > self._today + timedelta(days=1):
            raise Wrong(
                f"{quoted(text)} lies in the future", code="future_date", hint="year, month, day: 2025-03-01"
            )
        return given_on


def _says_stop(text: str) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        hint = "write yes or no, or leave it empty for no"
        raise Wrong(f"{inert(mask(text))} is neither yes nor no", code="bad_opt_out", hint=hint)
    return word in _YES


def _topics(text: str) -> tuple[str, ...]:
    parts = (part.strip().lower() for part in text.replace(";", ",").split(","))
    return tuple(part for part in parts if part)
