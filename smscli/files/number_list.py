"""A list of numbers, one at a time: plain text with a number a line, or a table with a column of numbers.

    with open_numbers(source) as listed:
        for found in listed: ...                           Listed | Problem, in order

Reads numbers as generously as they can be read for sure: on these lists stand people who are *not* to be
texted, so that a number that is understood is the careful one. What cannot be read is a problem, never left
out in silence. Memory is flat: registers have millions of rows. Does not know what the numbers mean.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, dropwhile
from types import MappingProxyType
from typing import BinaryIO

from smscli.domain.errors import FilesError, Place, Problem
from smscli.domain.msisdn import BadNumber, Msisdn, mask
from smscli.domain.repairs import read_number
from smscli.files.cell_damage import damaged_text
from smscli.files.column_names import IGNORE, Role, is_named
from smscli.files.contact_columns import Layout, header_with, layout_of, repeats_header
from smscli.files.csv_records import CANDIDATES, Record, cleaned, recognised_delimiter, split_line
from smscli.files.list_bytes import room_needed
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource
from smscli.files.located import Wrong
from smscli.files.reading import files_error, inert, open_file
from smscli.files.scalars import parse_country

#: Stands in no list: a line read with it stays one cell.
_NO_DELIMITER = "\x1f"

#: Columns that mean nothing here, whatever they are called.
_UNREAD = MappingProxyType({role.value: IGNORE for role in Role if role not in (Role.PHONE, Role.REGION)})

#: The US register gives an area code, a comma and seven digits a line; no other number can be meant.
_AREA_CODE = re.compile(r"\A([0-9]{3}),(?=[0-9]{7}\Z)")
_WITH_AREA_CODES = frozenset({"US", "CA"})

_NAME_IT = (
    "a number a line; a line above them that names the columns has one called phone, or the one that the"
    ' campaigns file names: columns: {phone: "…"}'
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A number of a list, the physical line it stands on, and the cells of its row (of a table)."""

    number: Msisdn
    line: int
    cells: tuple[str, ...] = ()


class NumberList:
    """An open list. Iterate once: numbers and problems, in order. `columns` are a table's headers."""

    def __init__(
        self,
        source: ContactsSource,
        records: Iterator[Record],
        layout: Layout | None = None,
        header_line: int = 0,
    ) -> None:
        self.name = source.name
        self.columns = layout.columns if layout else ()
        self.header_line = header_line
        self._region = source.region
        self._records = records
        self._layout = layout

    def __iter__(self) -> Iterator[Listed | Problem]:
        if self._layout is None:
            yield from filter(None, map(self._of_line, self._records))
            return
        for at, record in enumerate(self._records, 1):
            found = self._of_table(record, self._layout)
            if isinstance(found, Listed):
                yield found
            elif not repeats_header(self._layout.columns, record.cells):  # so do lists that were put together
                yield replace(found, record=at)

    def problem(self, line: int, code: str, message: str, hint: str = "", cell: str = "") -> Problem:
        """Something wrong with a line of this list."""
        place = Place(self.name, line)
        return Problem(place, code, inert(message, 300), inert(hint, 300), value=inert(mask(cell)))

    def _of_line(self, record: Record) -> Listed | Problem | None:
        """None for a comment."""
        if record.broken:
            return self.problem(record.line, "broken_row", record.broken)
        if len(record.cells) > 1 and len(list(filter(None, map(cleaned, record.cells)))) > 1:
            message = f"has {len(record.cells)} cells, and no header says which is the number"
            hint = "put a line above it that names the columns, such as phone"
            return self.problem(record.line, "wrong_cells", message, hint)
        text = _without_comment(record)
        if "," in text and self._region in _WITH_AREA_CODES:
            text = _AREA_CODE.sub(r"\1", text)
        found = self._read(record, text, self._region) if text else None
        if isinstance(found, Problem) and not any(map(str.isdigit, text)):
            return replace(found, hint=_NAME_IT)
        return found

    def _of_table(self, record: Record, layout: Layout) -> Listed | Problem:
        if record.broken:
            return self.problem(record.line, "broken_row", record.broken)
        if record.behind is not None:
            message = f"stands behind a quote that line {record.behind} opens and does not close"
            return self.problem(record.line, "uncertain_row", message)
        found, needed = len(record.cells), len(layout.columns)
        if found < needed or any(map(cleaned, record.cells[needed:])):
            amount = "1 cell" if found == 1 else f"{found} cells"
            return self.problem(record.line, "wrong_cells", f"has {amount}, the header has {needed}")
        text, region = cleaned(record.cells[layout.roles[Role.PHONE]]), self._region
        if Role.REGION in layout.roles and not text.startswith("+"):
            country = cleaned(record.cells[layout.roles[Role.REGION]])
            try:
                region = parse_country(country) if country else region
            except Wrong as wrong:
                return self.problem(record.line, "bad_region", wrong.message, wrong.hint, country)
        return self._read(record, text, region)

    def _read(self, record: Record, text: str, region: str | None) -> Listed | Problem:
        try:
            number, _ = read_number(text, region)
        except BadNumber as bad:
            return self.problem(record.line, bad.code, bad.message, bad.hint, text)
        return Listed(number, record.line, record.cells if self._layout else ())


@contextmanager
def open_numbers(source: ContactsSource) -> Iterator[NumberList]:
    """Open a list of numbers: a table if its first line names a column of numbers, or if the source says
    how to read one; else plain text, in which `#` begins a comment.

    Raises FilesError for a file that cannot be read, that is empty, or whose header is wrong; while iterating
    for bytes that are no text.
    """
    with ExitStack() as open_things:
        copy = _copy_of_a_pipe(source, open_things)

        def records_of(source: ContactsSource) -> Iterator[Record]:
            if copy is not None:
                copy.seek(0)
            return open_things.enter_context(open_list(source, copy, is_copy=copy is not None)).records()

        if source.header or source.delimiter or Role.PHONE in source.columns:
            yield _table(source, records_of(source))
            return
        records = records_of(replace(source, delimiter=_NO_DELIMITER))
        first = _first_that_says_something(source, records)
        if first is None or not _is_header(first):
            yield NumberList(source, chain(filter(None, [first]), records))
        elif _is_one_cell_of_several(first):
            again = replace(source, delimiter=_delimiter_of(first))
            yield _table(source, dropwhile(lambda record: record.line < first.line, records_of(again)))
        else:
            yield _table(source, chain([first], records))


def _copy_of_a_pipe(source: ContactsSource, open_things: ExitStack) -> BinaryIO | None:
    """A pipe that has a name can be read only once, a copy of it (unlinked from the start) again."""
    if source.file is None or not source.file.is_fifo():
        return None
    with open_file(source.file) as stream, room_needed(source.name):
        copy = open_things.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        shutil.copyfileobj(stream, copy)
        copy.flush()
    return copy


def _first_that_says_something(source: ContactsSource, records: Iterator[Record]) -> Record | None:
    """The first record that is no comment; None if all are. Raises FilesError for an empty list."""
    is_empty = True
    for record in records:
        if record.broken or _without_comment(record):
            return record
        is_empty = False
    if is_empty:
        hint = "was it cut off? A list has a number in each line"
        raise _unusable(source, None, "empty_file", "is empty", hint)
    return None


def _without_comment(record: Record) -> str:
    """What stands in a plain line, or in the only cell of a row."""
    cells = record.cells
    text = cells[0] if len(cells) == 1 else next(filter(cleaned, cells), "")
    return cleaned(text if _is_an_error(cleaned(text)) else text.partition("#")[0])


def _is_an_error(text: str) -> bool:
    """Is it no comment but `#REF!`, or a formula without its value: a number that a spreadsheet lost?"""
    damage = damaged_text(text) if text.startswith("#") and text.strip("#") else None
    return damage is not None and damage.code == "excel_error"


def _is_header(record: Record) -> bool:
    """Does it name a column of numbers, whatever stands between its cells?"""
    lines = map(cleaned, record.cells)
    cells = (cell for line in lines for delimiter in CANDIDATES for cell in split_line(line, delimiter))
    return any(is_named(cell, Role.PHONE) for cell in cells)


def _is_one_cell_of_several(header: Record) -> bool:
    """Was this line of a text read whole, although it has several cells?"""
    return len(header.cells) == 1 and any(each in header.cells[0] for each in CANDIDATES)


def _delimiter_of(header: Record) -> str | None:
    """None where it cannot be told: whoever reads the list then says what it could be."""
    is_header = lambda cells: _is_header(Record(0, cells))  # noqa: E731
    return recognised_delimiter(header.cells[0], is_header) or None


def _table(source: ContactsSource, records: Iterator[Record]) -> NumberList:
    """A list with a header. Raises FilesError with what is wrong with it."""
    header = next(records, None)
    if header is None:
        hint = "was it cut off? A list begins with the names of its columns, such as phone"
        raise _unusable(source, None, "empty_file", "is empty", hint)
    if source.header and repeats_header(source.header, header.cells):
        header = header_with(source, header)
    elif source.header:
        header, records = Record(0, source.header), chain([header], records)
    elif header.broken:
        raise _unusable(source, header.line, "header", f"the header: {header.broken}")
    asked = replace(source, columns={**_UNREAD, **source.columns})
    return NumberList(source, records, layout_of(asked, header, frozenset()), header.line)


def _unusable(
    source: ContactsSource, line: int | None, code: str, message: str, hint: str = ""
) -> FilesError:
    return files_error([Problem(Place(source.name, line), code, message, hint)])
