"""The contact list: CSV rows turned into contacts, with a problem for every bad cell.

    with open_lists(sources, fields_of_the_texts, stdin, today=today) as contacts:
        for row in contacts:                               Contact | BadRow, in order, one at a time

Knows cells. Does not know what a campaign makes of a contact, and reads no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import chain
from typing import BinaryIO

from smscli.domain.contact import Contact
from smscli.domain.errors import FilesError, Problem
from smscli.files.bad_rows import BadRow
from smscli.files.contact_columns import (
    BUILT_IN_FIELDS,
    Layout,
    Role,
    header_problem,
    header_with,
    layout_of,
    repeats_header,
)
from smscli.files.contact_rows import RowReader
from smscli.files.csv_records import Record
from smscli.files.first_records import fitting, refuse_another_order, with_header
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource
from smscli.files.reading import files_error

__all__ = [
    "BUILT_IN_FIELDS",
    "BadRow",
    "ContactLists",
    "ContactsReader",
    "ContactsSource",
    "Role",
    "open_contacts",
    "open_lists",
]

_EMPTY_HINT = "a list begins with the names of its columns, such as phone,first_name"
_HEADER_HINT = 'close the quote, or take it out: quotes (") stand in pairs, around whole cells'


class ContactsReader:
    """An open list. Iterate over `rows` once: `Contact` or `BadRow`, in order, one at a time.

    `delimiter` is empty for a list of one column. `columns` are the headers, `mapping` role to header (of
    several `opt_outs` the first).
    """

    def __init__(
        self,
        source: ContactsSource,
        opened: Iterator[Record],
        delimiter: str,
        layout: Layout,
        written_width: int,
        today: date,
    ) -> None:
        self.name = source.name
        self.source = source
        self.delimiter = delimiter
        self.columns = layout.columns
        self.opt_outs = tuple(layout.columns[index] for index in layout.opt_outs)
        self.mapping: Mapping[str, str] = {
            role.value: layout.columns[index] for role, index in layout.roles.items()
        }
        self._records = opened
        self._layout = layout
        self._written_width = written_width
        self._today = today

    def __iter__(self) -> Iterator[Contact | BadRow]:
        return self.rows()

    def rows(self, of_list: int = 0, before: int = 0) -> Iterator[Contact | BadRow]:
        """The rows of this list, which is that one of its campaign's, with so many records before it."""
        read = RowReader(self.source, self._layout, self._written_width, self._today, of_list).read
        in_list = 0
        for record in self._records:
            row = read(before + in_list + 1, record, in_list + 1)
            if isinstance(row, BadRow) and repeats_header(self.columns, record.cells):
                continue  # lists that were put together repeat it
            in_list += 1
            yield row


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
        header, records = _header(source, opened.records())
        layout = layout_of(source, header, wanted_fields)
        records = fitting(source, header, records, opened.delimiter)
        yield ContactsReader(source, records, opened.delimiter, layout, len(header.cells), today)


def _header(source: ContactsSource, records: Iterator[Record]) -> tuple[Record, Iterator[Record]]:
    """The names of the columns, of the campaigns file or the first record, and the records behind them."""
    first = next(records, None)
    if first is None:
        raise header_problem(source, None, "empty_file", "is empty", _EMPTY_HINT)
    if source.header:
        if repeats_header(source.header, first.cells):
            return header_with(source, first), records
        refuse_another_order(source, first)
        return Record(0, source.header), chain([first], records)
    if first.broken:
        raise header_problem(source, first.line, "header", f"the header: {first.broken}", _HEADER_HINT)
    return first, with_header(source, first, records)
