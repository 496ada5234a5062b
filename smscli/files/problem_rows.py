"""The rows of a list that need mending, as a file to mend in a spreadsheet and to read again as a list.

    with open_problem_rows(path, columns, delimiter) as problems:
        problems.add(bad_row)                              written at once: no row is kept

It is the list itself, without its good rows and with one more column: same columns, same delimiter, UTF-8
with a byte order mark. Knows cells and problems; does not know who wants them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import TextIO

from smscli.domain.errors import Problem
from smscli.files.bad_rows import BadRow
from smscli.files.csv_export import CsvLines
from smscli.files.csv_records import CANDIDATES, cleaned
from smscli.files.list_source import ContactsSource
from smscli.files.reading import fold
from smscli.files.writing import replacing, unwritable

COLUMN = "problems"
"""The header of the column that says what is wrong with a row."""

#: No record is longer; more is not read of a file that may be anything.
_LONGEST = 1 << 20
#: How what we say of a row begins.
_SAID = re.compile(r"line \d+: ")
#: In the place of a cell that a row lacks: wherever a cell is read, this one is an error.
_MISSING = "#N/A"
_ENDINGS = re.compile(r"(\.(csv|tsv|txt|xlsx|gz))+$", re.IGNORECASE)


class ProblemRows:
    """The open file of one list. A row that cannot be written raises FilesError."""

    def __init__(self, path: Path, stream: TextIO, columns: Sequence[str], delimiter: str) -> None:
        self.path = path
        self.count = 0
        # A list of problems that was mended in part has the column already: what it said is out of date.
        self._width = len(columns) - (bool(columns) and fold(columns[-1]) == COLUMN)
        self._had_problems = self._width < len(columns)
        self._lines = CsvLines(stream, delimiter or ",")
        self._write((*columns[: self._width], COLUMN))

    def add(self, row: BadRow) -> None:
        """The row as it was written, and what is wrong with it; cells too many stay where they are.

        A row of another shape keeps it until somebody mends it: without an empty cell too many, or with empty
        ones for those that are missing, cells that stand in the wrong columns would be read as they stand.
        """
        is_misshapen = any(problem.code == "wrong_cells" for problem in row.problems)
        cells = self._without_what_was_said(row.cells, is_misshapen)
        missing = [_MISSING if is_misshapen else ""] * (self._width - len(cells))
        # A row whose quotes are broken would be written as a good one: a cell too many keeps it a bad one.
        is_doubtful = any(problem.code in ("broken_row", "uncertain_row") for problem in row.problems)
        surplus = ("delete this cell when the row is mended",) if is_doubtful else ()
        self._write((*cells, *missing, said(row.problems), *surplus))
        self.count += 1

    def _without_what_was_said(self, cells: Sequence[str], is_misshapen: bool) -> Sequence[str]:
        end = len(cells)
        while end > self._width and not cleaned(cells[end - 1]):
            end -= 1
        if self._had_problems and end > self._width:
            if _SAID.match(cells[end - 1]) or (end == self._width + 1 and not is_misshapen):
                return cells[: end - 1]
        return cells if is_misshapen else cells[:end]

    def _write(self, cells: Sequence[str]) -> None:
        try:
            self._lines.write(cells)
        except OSError as trouble:
            raise unwritable(self.path, trouble) from trouble


@contextmanager
def open_problem_rows(path: Path, columns: Sequence[str], delimiter: str) -> Iterator[ProblemRows]:
    """A file that takes the place of `path` when the block ends well; only its owner may read it.

    `delimiter` empty (a list of one column, a spreadsheet) is a comma. Raises FilesError where the file
    cannot be written.
    """
    with replacing(path, for_spreadsheets=True) as stream:
        yield ProblemRows(path, stream, columns, delimiter)


def said(problems: Sequence[Problem]) -> str:
    """`line 7: phone: …; language: …`: the line once, then each problem with its column."""
    lines = groupby(problems, key=lambda problem: problem.where.line)
    return "; ".join(f"line {line}: {'; '.join(map(_said, each))}" for line, each in lines)


def _said(problem: Problem) -> str:
    return f"{problem.where.path}: {problem.message}" if problem.where.path else problem.message


def paths_for(path: Path, sources: Sequence[ContactsSource]) -> tuple[Path, ...]:
    """A file for each list: of several, `bad.csv` becomes `bad.members.csv` and `bad.shop.csv`."""
    if len(sources) == 1:
        return (path,)
    return tuple(path.with_name(f"{path.stem}.{name}{path.suffix}") for name in _names(sources))


def list_of(path: Path, sources: Sequence[ContactsSource]) -> ContactsSource:
    """Which of a campaign's lists this file is, or is rows of by its name (`bad.shop.csv`); else the first.

    A number without a country code that is read as another list's is a stranger's.
    """
    by_name = {name.casefold(): source for name, source in zip(_names(sources), sources, strict=True)}
    itself = next((each for each in sources if each.file and _is_same(path, each.file)), None)
    _, _, name = path.stem.casefold().partition(".")
    while name and name not in by_name:
        _, _, name = name.partition(".")
    return itself or by_name.get(name, sources[0])


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _names(sources: Sequence[ContactsSource]) -> list[str]:
    """What tells the files of several lists apart: `members`, `shop`, `shop-2`."""
    names: list[str] = []
    for source in sources:
        stem = _ENDINGS.sub("", source.file.name) if source.file else "standard-input"
        names.append(_unlike(stem or "list", [name.casefold() for name in names]))
    return names


def _unlike(name: str, taken: Sequence[str]) -> str:
    """The name, with a number behind it where another list is called so already."""
    number, found = 1, name
    while found.casefold() in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def is_of_problem_rows(path: Path) -> bool:
    """Did an earlier run write this file? Its byte order mark and its last column tell.

    Raises OSError where it may not be read.
    """
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        beginning = stream.read(_LONGEST)
    if not beginning.startswith("\ufeff"):
        return False
    return any(_last_header(beginning[1:], delimiter) == COLUMN for delimiter in CANDIDATES)


def _last_header(text: str, delimiter: str) -> str:
    try:
        header = next(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True), [""])
    except csv.Error:
        return ""
    return header[-1]
