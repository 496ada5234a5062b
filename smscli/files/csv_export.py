"""Rows as CSV that a spreadsheet shows and does not run. Knows no column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_END = "\r\n"
_FORMULA = ("=", "+", "-", "@")
_NUMBER = re.compile(r"\+[0-9 ().-]*")


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """One line a row, header first, without line ends.

    Cells that a spreadsheet would run as a formula get a `'` in front (OWASP, CSV injection); phone
    numbers, however they are spelled, are left as they are, so that the list can be read back.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=_END)  # a writer without one leaves line breaks unquoted
    for row in chain([header], rows):
        writer.writerow([_harmless(cell) for cell in row])
        yield buffer.getvalue().removesuffix(_END)
        buffer.seek(0)
        buffer.truncate()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
