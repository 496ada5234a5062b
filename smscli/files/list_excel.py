"""A list in an Excel workbook (XLSX): which sheet, which rows, and each cell as text.

    for record in excel_records(stream, source): ...         the header first, if the list has one

Knows which rows of a workbook are a list. The file is looked at by `excel_guard`, read by `excel_sheets`.
Needs the extra `smscli[excel]`; everything else in smscli works without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.csv_records import Record, cleaned
from smscli.files.excel_guard import BadWorkbook, damaged, look_through
from smscli.files.excel_numbers import cell_text
from smscli.files.list_source import ContactsSource
from smscli.files.reading import did_you_mean, files_error, inert, listed, quoted

if TYPE_CHECKING:  # what it needs is an extra
    from smscli.files.excel_sheets import Row, Sheet, Workbook

_INSTALL = "type pip install 'smscli[excel]', or save the list as CSV UTF-8"
_SHOW_ROWS = "show all rows (Data, Clear), or copy those that are meant to a sheet of their own"

Texts = dict[int, str]  # by column


def excel_records(stream: BinaryIO, source: ContactsSource) -> Iterator[Record]:
    """The rows of the sheet but blank ones; `line` is the row's number as the spreadsheet shows it.

    `stream` can be wound back: a zip is read from its end. The cells of a record are those below the header,
    and more of them where something stands beside it. Raises FilesError: needs_excel, not_excel,
    locked_excel, damaged_excel, unsafe_excel, which_sheet, missing_sheet, hidden_rows or unreadable.
    """
    with _in_words(source):
        look_through(stream)
        book = _opened(stream)
        sheet = _chosen(book, source)
        if sheet is not None:
            yield from _records(_written(book, sheet), len(source.header))


def _opened(stream: BinaryIO) -> Workbook:
    try:
        from smscli.files.excel_sheets import Workbook
    except ImportError:
        message = "is an Excel workbook, and what reads those is not installed"
        raise BadWorkbook("needs_excel", message, _INSTALL) from None
    return Workbook(stream)


def _written(book: Workbook, sheet: Sheet) -> Iterator[tuple[Row, Texts]]:
    """The rows that are not blank, from the first cell of each that is not to the last."""
    for row in book.rows(sheet):
        try:
            texts = {cell.column: cell_text(cell.value, cell.shown_as) for cell in row.cells}
        except ValueError as wrong:
            raise damaged("a cell holds a number that is none", row.number) from wrong
        filled = [column for column, text in texts.items() if cleaned(text)]
        if filled:
            yield row, {column: texts[column] for column in texts if filled[0] <= column <= filled[-1]}


def _records(rows: Iterator[tuple[Row, Texts]], columns: int) -> Iterator[Record]:
    """`columns`: how many the header of the campaigns file names; 0 where the first row is the header."""
    first, end = 0, columns
    for row, texts in rows:
        if row.is_hidden:
            message = "is hidden, by a filter or by hand: nobody can tell whether it is meant"
            raise BadWorkbook("hidden_rows", message, _SHOW_ROWS, row.number)
        left, right = min(texts), max(texts) + 1
        if not end:
            first, end = left, right
        wanted = range(first if left >= first else 0, max(end, right))
        yield Record(row.number, tuple([texts.get(column, "") for column in wanted]))


def _chosen(book: Workbook, source: ContactsSource) -> Sheet | None:
    """The sheet that is meant; None where nothing is written in any."""
    if source.sheet is not None:
        return _named(book.sheets, source.sheet)
    written = [sheet for sheet in book.sheets if any(True for _ in _written(book, sheet))]
    visible = [sheet for sheet in written if sheet.is_visible]
    if len(visible) == 1 or not written:
        return visible[0] if visible else None
    names = [sheet.name for sheet in visible or written]
    message = f"has {len(names)} sheets with rows: {listed(names)}"
    if not visible:
        message = f"has rows in hidden sheets only: {listed(names)}"
    hint = f"name the one in the campaigns file: {_key(source, names[0])}"
    raise BadWorkbook("which_sheet", message, hint)


def _named(sheets: Sequence[Sheet], name: str) -> Sheet:
    wanted = cleaned(name).casefold()
    for sheet in sheets:
        if cleaned(sheet.name).casefold() == wanted:
            return sheet
    names = [sheet.name for sheet in sheets]
    meant = did_you_mean(name, names)
    hint = f"did you mean {quoted(meant)}?" if meant else "a sheet is named as on its tab"
    has = f"its sheets are {listed(names)}" if names else "it has no sheet with rows"
    raise BadWorkbook("missing_sheet", f"has no sheet {quoted(name)}: {has}", hint)


def _key(source: ContactsSource, sheet: str) -> str:
    """What to write in the campaigns file."""
    file = source.file.name if source.file is not None else "list.xlsx"
    return f"contacts: {{file: {inert(file, 100)}, sheet: {json.dumps(inert(sheet), ensure_ascii=False)}}}"


@contextmanager
def _in_words(source: ContactsSource) -> Iterator[None]:
    """What goes wrong with a workbook, as a FilesError."""
    try:
        yield
    except BadWorkbook as refused:
        raise _problem(source, refused) from refused
    except OSError as trouble:
        message = f"cannot be read: {trouble.strerror or trouble}"
        raise _problem(source, BadWorkbook("unreadable", message)) from trouble


def _problem(source: ContactsSource, refused: BadWorkbook) -> FilesError:
    place = Place(source.name, refused.row)
    return files_error([Problem(place, refused.code, refused.message, refused.hint)])
