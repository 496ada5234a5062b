"""Rows as CSV that a spreadsheet shows and does not run. Knows no column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TextIO

_END = "\r\n"
_FORMULA = ("=", "+", "-", "@")
#: However people spell a number: spaces and dashes of every kind, and invisible marks that copying brings.
_NUMBER = re.compile(
    r"\s*\+[\d\s().\-\u2010-\u2015\u2212\uff0d\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*"
)


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """One line a row, header first, without line ends.

    Cells that a spreadsheet would run as a formula get a `'` in front (OWASP, CSV injection); phone
    numbers, however they are spelled, are left as they are, so that the list can be read back.
    """
    buffer = io.StringIO(newline="")
    lines = CsvLines(buffer)
    for row in chain([header], rows):
        lines.write(row)
        yield buffer.getvalue().removesuffix(_END)
        buffer.seek(0)
        buffer.truncate()


class CsvLines:
    """The same line by line, as rows come: each is written to the stream with its line end."""

    def __init__(self, stream: TextIO, delimiter: str = ",") -> None:
        # A writer without a line end leaves line breaks inside cells unquoted.
        self._writer = csv.writer(stream, delimiter=delimiter, lineterminator=_END)

    def write(self, cells: Iterable[str]) -> None:
        """One row; its cells made harmless."""
        self._writer.writerow([_harmless(cell) for cell in cells])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
