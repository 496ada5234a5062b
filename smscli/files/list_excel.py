"""A list in an Excel workbook (XLSX): which sheet, which rows, and each cell as text.

    for record in excel_records(stream, source): ...         the header first, if the list has one

Knows sheets and cells. The zip and XML of a workbook are `excel_package`'s, its numbers `excel_numbers`'s.
Needs the extra `smscli[excel]`; everything else in smscli works without it.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO
from xml.sax import SAXException
from zipfile import BadZipFile

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.cell_damage import NOT_CALCULATED
from smscli.files.csv_records import Record, cleaned
from smscli.files.excel_numbers import number_format, number_text
from smscli.files.excel_package import BadPackage, Cell, Package, Row, Sheet, damaged
from smscli.files.list_source import ContactsSource
from smscli.files.reading import did_you_mean, files_error, inert, listed, quoted

_BROKEN = (BadZipFile, zlib.error, struct.error, SAXException, ValueError, EOFError, NotImplementedError)
_BOOLEANS = {"1": "yes", "true": "yes", "0": "no", "false": "no"}
_SHOW_ROWS = "show all rows (Data, Clear), or copy those that are meant to a sheet of their own"

Texts = dict[int, str]  # by column


def excel_records(stream: BinaryIO, source: ContactsSource) -> Iterator[Record]:
    """The rows of the sheet but blank ones; `line` is the row's number as the spreadsheet shows it.

    `stream` can be wound back: a zip is read from its end. The cells of a record are those below the header,
    and more of them where something stands beside it. Raises FilesError: needs_excel, not_excel,
    locked_excel, damaged_excel, unsafe_excel, which_sheet, missing_sheet, hidden_rows or unreadable.
    """
    with _in_words(source):
        book = _Book(Package(stream))
        sheet = _chosen(book, source)
        if sheet is not None:
            yield from _records(book.written(sheet), len(source.header))


class _Book:
    """A workbook whose cells are texts."""

    def __init__(self, package: Package) -> None:
        self.sheets = package.sheets
        self._package = package
        self._formats = [number_format(number, code) for number, code in package.formats]
        self._counts_from_1904 = package.counts_from_1904

    def written(self, sheet: Sheet) -> Iterator[tuple[Row, Texts]]:
        """The rows that are not blank, from the first cell of each that is not to the last."""
        for row in self._package.rows(sheet):
            try:
                texts = {cell.column: self._text(cell) for cell in row.cells}
            except (ValueError, KeyError) as wrong:
                if isinstance(wrong, BadPackage):
                    raise
                raise damaged("a cell does not hold what it says it holds", row.number) from wrong
            columns = list(texts)
            while columns and not cleaned(texts[columns[-1]]):
                del texts[columns.pop()]
            for column in columns:
                if cleaned(texts[column]):
                    yield row, texts
                    break
                del texts[column]

    def _text(self, cell: Cell) -> str:
        """A cell as text. Raises ValueError or KeyError for one that does not hold what it says."""
        if not cell.has_value:
            return NOT_CALCULATED
        match cell.kind:
            case "s":
                return self._package.strings[int(cell.text)]
            case "n":
                if not 0 <= cell.style < max(len(self._formats), 1):
                    raise ValueError("no such style")
                shown_as = self._formats[cell.style] if self._formats else number_format(0, None)
                return number_text(cell.text, shown_as, counts_from_1904=self._counts_from_1904)
            case "b":
                return _BOOLEANS[cell.text]
            case "d":
                return cell.text.removesuffix("Z").removesuffix("T00:00:00")
            case _:  # inlineStr, str, and e: an error is its own text, such as #N/A
                return cell.text


def _records(rows: Iterator[tuple[Row, Texts]], columns: int) -> Iterator[Record]:
    """`columns`: how many the header of the campaigns file names; 0 where the first row is the header."""
    first, end = 0, columns
    for row, texts in rows:
        if row.is_hidden:
            message = "is hidden, by a filter or by hand: nobody can tell whether it is meant"
            raise BadPackage("hidden_rows", message, _SHOW_ROWS, row.number)
        left, right = min(texts), max(texts) + 1
        if not end:
            first, end = left, right
        wanted = range(first if left >= first else 0, max(end, right))
        yield Record(row.number, tuple([texts.get(column, "") for column in wanted]))


def _chosen(book: _Book, source: ContactsSource) -> Sheet | None:
    """The sheet that is meant; None where nothing is written in any."""
    if source.sheet is not None:
        return _named(book.sheets, source.sheet)
    written = [sheet for sheet in book.sheets if any(True for _ in book.written(sheet))]
    visible = [sheet for sheet in written if sheet.is_visible]
    if len(visible) == 1 or not written:
        return visible[0] if visible else None
    names = [sheet.name for sheet in visible or written]
    message = f"has {len(names)} sheets with rows: {listed(names)}"
    if not visible:
        message = f"has rows in hidden sheets only: {listed(names)}"
    hint = f"name the one in the campaigns file: {_key(source, names[0])}"
    raise BadPackage("which_sheet", message, hint)


def _named(sheets: Sequence[Sheet], name: str) -> Sheet:
    wanted = cleaned(name).casefold()
    for sheet in sheets:
        if cleaned(sheet.name).casefold() == wanted:
            return sheet
    names = [sheet.name for sheet in sheets]
    meant = did_you_mean(name, names)
    hint = f"did you mean {quoted(meant)}?" if meant else "a sheet is named as on its tab"
    has = f"its sheets are {listed(names)}" if names else "it has no sheet with rows"
    raise BadPackage("missing_sheet", f"has no sheet {quoted(name)}: {has}", hint)


def _key(source: ContactsSource, sheet: str) -> str:
    """What to write in the campaigns file."""
    file = source.file.name if source.file is not None else "list.xlsx"
    return f"contacts: {{file: {inert(file, 100)}, sheet: {json.dumps(inert(sheet), ensure_ascii=False)}}}"


@contextmanager
def _in_words(source: ContactsSource) -> Iterator[None]:
    """What goes wrong with a workbook, as a FilesError."""
    try:
        yield
    except BadPackage as refused:
        raise _problem(source, refused) from refused
    except OSError as trouble:
        if trouble.errno is None:  # zipfile's own
            raise _problem(source, damaged("its directory is broken")) from trouble
        message = f"cannot be read: {trouble.strerror or trouble}"
        raise _problem(source, BadPackage("unreadable", message)) from trouble
    except _BROKEN as trouble:
        raise _problem(source, damaged("a part of it cannot be unpacked or read")) from trouble


def _problem(source: ContactsSource, refused: BadPackage) -> FilesError:
    place = Place(source.name, refused.row)
    return files_error([Problem(place, refused.code, refused.message, refused.hint)])
