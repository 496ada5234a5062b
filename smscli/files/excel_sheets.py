"""The sheets of a workbook and their rows, as openpyxl reads them: a stream of values with their formats.

    book = Workbook(stream)
    for row in book.rows(book.sheets[0]): ...

Keeps openpyxl in one place: what it raises and warns of, and what it would pass over in silence. Does not
know lists. Needs the extra `smscli[excel]`, so it is imported where a workbook is read and not before.

openpyxl's read-only mode is used below its `iter_rows`, which says nothing of hidden rows, drops rows that
are out of order, and hands out a formula that was never calculated as an empty cell. What is below is not
promised to stay as it is: pyproject.toml names the series, 3.1.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from typing import Any, BinaryIO, NamedTuple, TypeVar

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from smscli.files.cell_damage import NOT_CALCULATED
from smscli.files.excel_guard import BadWorkbook, damaged, unsafe

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384

Value = str | bool | int | float | date | time | timedelta
T = TypeVar("T")


class Sheet(NamedTuple):
    """A sheet with cells (no chart): its name, and openpyxl's own."""

    name: str
    is_visible: bool
    read: Any


class Cell(NamedTuple):
    """A cell that has something in it: `column` counts from 0, `shown_as` is its number format."""

    column: int
    value: Value
    shown_as: str


class Row(NamedTuple):
    """A row that the file has; `number` is the one that a spreadsheet shows beside it."""

    number: int
    is_hidden: bool
    cells: list[Cell]


class Workbook:
    """An open workbook that was looked through. Raises BadWorkbook, and OSError as the disk does."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.seek(0)
        self._book = _asked(
            lambda: load_workbook(stream, read_only=True, data_only=True, keep_links=False), None
        )
        self.sheets = tuple(
            Sheet(sheet.title, sheet.sheet_state == "visible", sheet) for sheet in self._book.worksheets
        )
        if not self._book.sheetnames:
            raise damaged("it has no sheet that can be read")

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """The rows of a sheet, one at a time. Read to the end, its checksum is compared."""
        with _asked(sheet.read._get_source, None) as part:
            parser = _Parser(part, sheet.read, self._book)
            read, before = parser.parse(), 0
            while found := _asked(lambda: next(read, None), parser):
                number, cells = found
                if not before < number <= MAX_ROWS:
                    raise damaged("its rows are not in order", before or None)
                hidden = parser.row_dimensions.pop(str(number), {}).get("hidden")
                yield Row(number, hidden in ("1", "true"), _in_order(cells, number))
                before = number


class _Parser(WorkSheetParser):  # type: ignore[misc]
    """openpyxl's own, which tells formulas that have no value from empty cells."""

    def __init__(self, part: Any, sheet: Any, book: Any) -> None:
        super().__init__(
            part, sheet._shared_strings, data_only=True, epoch=book.epoch,
            date_formats=book._date_formats, timedelta_formats=book._timedelta_formats,
        )  # fmt: skip
        self._sheet = sheet
        self._formats: dict[int, str] = {}

    def parse_cell(self, element: Any) -> Cell | None:
        cell = super().parse_cell(element)
        value, style = cell["value"], cell["style_id"]
        if value is None:
            if element.find(FORMULA_TAG) is None:
                return None
            is_empty_text = cell["data_type"] == "str" and element.find(VALUE_TAG) is not None
            value = "" if is_empty_text else NOT_CALCULATED
        elif isinstance(value, str) and "_x" in value:
            value = _unescaped(value)
        if style not in self._formats:
            self._formats[style] = ReadOnlyCell(self._sheet, **cell).number_format
        return Cell(cell["column"] - 1, value, self._formats[style])


def _unescaped(text: str) -> str:
    """`_x000D_` is a line break: how Office writes what XML has no character for (ECMA-376-1 22.9.2.19)."""
    halves: str = unescape(text)  # `_xD83C__xDF89_` are the two halves of one character
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _in_order(cells: list[Cell | None], row: int) -> list[Cell]:
    found, before = [], -1
    for cell in cells:
        if cell is not None:
            if not before < cell.column < MAX_COLUMNS:
                raise damaged("its cells are not in order", row)
            before = cell.column
            found.append(cell)
    return found


def _asked(question: Callable[[], T], parser: _Parser | None) -> T:
    """What openpyxl answers. Its warnings are of what no list needs: fonts, print areas, drop-down lists."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return question()
        except (BadWorkbook, MemoryError):
            raise
        # A parser of others on a file of strangers: it raises whatever its own code stumbles over (KeyError,
        # TypeError, IndexError, AttributeError, expat's, zlib's), and all of it means the same.
        except Exception as trouble:
            if isinstance(trouble, OSError) and trouble.errno is not None:
                raise
            if any(isinstance(each, DefusedXmlException) for each in (trouble, trouble.__cause__)):
                raise unsafe("declares XML entities, as no spreadsheet does") from trouble
            row = parser.row_counter if parser is not None else None
            raise damaged("a part of it cannot be unpacked or read", row or None) from trouble
